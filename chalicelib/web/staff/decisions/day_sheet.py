"""Decisions on the day sheet: a task is done, and a caller's request is written down."""

from collections.abc import Mapping
from typing import Annotated, Self

from chalicelib.domain.errors import Invalid
from chalicelib.usecases.requests.submit import Origin, RequestForm, submit
from chalicelib.usecases.tasks import close_task
from chalicelib.web.http.parsing import Form, single
from chalicelib.web.public.request_fields import Note, checked, from_form
from chalicelib.web.staff.decisions.controls import Control, Picked, Ticked
from chalicelib.web.staff.decisions.decision import (
    Already,
    Page,
    Place,
    Section,
    StaffDecision,
    Taking,
)

NOT_ASKED = "none"
CONSENT_MEANS: Mapping[str, str] = {
    "phone": "On the phone",
    "in_person": "In person",
    "e-mail": "By e-mail",
    NOT_ASKED: "They want no texts",
}


class CloseTask(StaffDecision):
    NAME = "done"
    PLACES = (Place(Page.DAY, Section.TASKS, "Done"),)
    BUTTON = "Close this task"
    SURE = "This is done"
    EVENT = "task_done"
    DONE = "Task done"
    ALREADY = (Already("done", "The task was closed"),)

    task: Annotated[Picked, Control(kind="hidden", wrong="This task is not known.")]
    note: Annotated[Note, Control(kind="area", label="What was done")] = ""
    sure: Ticked

    def take(self, taking: Taking) -> object:
        close_task(taking.context, task_id=self.task, note=self.note, actor=taking.actor)
        return None


class WriteDownRequest(StaffDecision):
    """Its fields are those of the request form; nothing is stored before a name is typed."""

    NAME = "new"
    PLACES = (Place(Page.DAY, Section.CALLER, "Write down a request"),)
    BUTTON = "Save the request"
    SURE = ""
    EVENT = "request_received"
    DONE = "Request received"

    request_form: RequestForm
    consent_means: str

    @classmethod
    def read(cls, form: Form) -> Self:
        """A ticked consent also needs how the consent was given."""
        values = from_form(form)
        means = single(form, "consent_means") or ""
        wrong: dict[str, str] = {}
        if means == NOT_ASKED:
            values |= {"sms_consent": False, "detailed_consent": False}
        elif means not in CONSENT_MEANS and (means or values["sms_consent"]):
            wrong["consent_means"] = "Please say how the patient agreed."
        try:
            request_form = checked(values).request_form()
        except Invalid as error:
            raise Invalid(**error.messages_by_field, **wrong) from None
        if wrong:
            raise Invalid(**wrong)
        return cls(request_form=request_form, consent_means=means)

    def take(self, taking: Taking) -> object:
        origin = Origin(
            means="phone" if self.consent_means in ("", NOT_ASKED) else self.consent_means,
            page="day sheet",
            address="",  # without one no limit applies: staff may write down as many calls as come
            per_number=1,
            per_address=1,
        )
        return submit(
            taking.context, self.request_form, origin=origin, key=None, actor=taking.actor
        )


ON_DAY_SHEET = (CloseTask, WriteDownRequest)
