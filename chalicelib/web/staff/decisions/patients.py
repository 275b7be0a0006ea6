"""What the patient tells us about themselves: how to reach them, and whether they want texts."""

from typing import Annotated, Literal

from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.patients.opt_out import DOUBTFUL
from chalicelib.web.http.i18n import staff_names
from chalicelib.web.http.templates import said_number
from chalicelib.web.public.request_fields import Address, Language, Name, Number
from chalicelib.web.staff.decisions.controls import Control, PageState, Ticked, pick
from chalicelib.web.staff.decisions.decision import Page, Place, Section, StaffDecision, Taking


def _on_both(title: str, *, is_open: bool = False) -> tuple[Place, ...]:
    return tuple(
        Place(page, Section.PATIENT, title, is_open=is_open) for page in (Page.REQUEST, Page.VISIT)
    )


class ChangeContact(StaffDecision):
    NAME = "contact"
    PLACES = _on_both("Change the contact details")
    BUTTON = "Save the contact details"
    SURE = "The patient gave me these details"
    EVENT = "contact_changed"
    DONE = "Contact details changed"

    name: Annotated[
        Name, Control(kind="line", label="Name", value=lambda known: known.patient.name)
    ]
    phone: Annotated[
        Number,
        Control(
            kind="line",
            label="Phone",
            type="tel",
            hint="A new number gets no texts until it has its own consent: the patient can text"
            " START from it.",
            value=lambda known: said_number(known.patient.phone),
        ),
    ]
    email: Annotated[
        Address,
        Control(
            kind="line",
            label="E-mail",
            type="email",
            value=lambda known: known.patient.email or "",
        ),
    ] = None
    language: Annotated[
        Language,
        pick(
            "Language",
            lambda _: staff_names().items(),
            value=lambda known: known.patient.language,
        ),
    ]
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return contact_details.contact(
            taking.context,
            subject_id=taking.subject_id,
            name=self.name,
            phone=self.phone,
            email=self.email,
            language=self.language,
            actor=taking.actor,
        )


class ResumeTexts(StaffDecision):
    NAME = "resume"
    PLACES = _on_both("Texts are paused", is_open=True)
    BUTTON = "Let texts go again"
    SURE = "The patient told me that texts are welcome"
    HINT = (
        "A text from this number may have meant that no more are wanted, so none goes. Ask the"
        " patient. After a plain STOP only their own START helps."
    )
    EVENT = "texts_resumed"
    DONE = "Texts go again"

    sure: Ticked

    @classmethod
    def may(cls, known: PageState) -> bool:
        return known.phone is not None and known.phone.opted_out_means == DOUBTFUL

    def take(self, taking: Taking) -> object:
        opt_out.resume(taking.context, subject_id=taking.subject_id, actor=taking.actor)
        return None


class OptOut(StaffDecision):
    NAME = "opt_out"
    PLACES = _on_both("No more texts")
    BUTTON = "Stop all texts"
    SURE = "The patient wants no more texts"
    HINT = (
        "No text goes to this number any more, for whichever patient. Preparation and aftercare go"
        " by e-mail, or become tasks to call."
    )
    EVENT = "opted_out"
    DONE = "Opted out of texts"

    means: Annotated[
        Literal["phone", "e-mail", "in_person"],
        pick(
            "The patient told us",
            lambda _: [
                ("phone", "On the phone"),
                ("e-mail", "By e-mail"),
                ("in_person", "In person"),
            ],
            wrong="Please choose how the patient told us.",
        ),
    ]
    sure: Ticked

    def take(self, taking: Taking) -> object:
        opt_out.opt_out(
            taking.context, subject_id=taking.subject_id, means=self.means, actor=taking.actor
        )
        return None


OF_PATIENTS = (ChangeContact, ResumeTexts, OptOut)
