"""Every mail, and the patient's own page of every plan, made by the service's own code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chalicelib import wiring
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient, SentBy
from chalicelib.domain.record import Record, Value
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages import catalogue, floods
from chalicelib.messages.emails import email_kinds
from chalicelib.messages.factory import subject_of
from chalicelib.outbox.compose_email import LETTERS, compose_email
from chalicelib.outbox.context import Snapshot
from chalicelib.outbox.floods import Waiting
from chalicelib.web.http.templates import FOLDER
from chalicelib.web.patient.pages import Opened, page_of
from chalicelib.wiring import Services
from local.preview.stage import LONGEST_NAME, a_patient, a_request, a_visit
from local.preview.texts import LEVELS
from local.preview.values import MOST_OFFERS, PAGE_TOKEN, Filling

ABOUT_TASKS = frozenset({"task", "urgent_alarm"})
ABOUT_NOTHING = frozenset({"fresh_link"})
MANY = 41  # requests in the mail about many requests


class Mail(Value):
    """A mail as it arrives."""

    title: str
    language: str
    subject: str
    text: str
    html: str


class Page(Value):
    """A patient's page with its style inside."""

    title: str
    language: str
    level: str
    html: str


def plan_mails(
    services: Services, plan: CarePlan, languages: Sequence[str], filling: Filling
) -> Iterator[Mail]:
    """The mails that replace the plan's texts, or are sent in addition."""
    now = services.clock.now()
    visit = a_visit(services.clinic, plan.visit_type, filling.starts[0], now)
    for step in plan.steps:
        if step.kind not in LETTERS:
            continue
        for language in languages:
            message = _a_message(step.kind.value, now).evolve(
                step=step.id, subject=subject_of(visit, ("booked",))
            )
            patient = a_patient(language, now, level="detailed")
            yield _mail(services, message, patient, visit, step.id)


def other_mails(services: Services, languages: Sequence[str], filling: Filling) -> Iterator[Mail]:
    """The mails that belong to no plan: times offered, answers to requests, a course's dates …"""
    now = services.clock.now()
    for key, entry in catalogue.load_catalogue("en").texts.items():
        if key not in LETTERS and entry.mail is None:
            continue
        starts = filling.starts if key == "course_overview" else filling.starts[:MOST_OFFERS]
        facts = Facts(starts=tuple(starts), page="REQ-PREVIEW")
        for language in languages:
            message = _a_message(key, now).evolve(facts=facts)
            patient = a_patient(language, now, level="detailed")
            yield _mail(services, message, patient, None, key)


def staff_mails(services: Services) -> Iterator[Mail]:
    """Mails to staff about a patient, both with the longest name in another alphabet."""
    now = services.clock.now()
    seed = services.clinic.staff[0].model_copy(update={"name": LONGEST_NAME})
    clinic = services.clinic.model_copy(update={"staff": (seed, *services.clinic.staff[1:])})
    named = Services(**{**vars(services), "clinic": clinic})
    patient = a_patient("en", now, name=LONGEST_NAME, level="detailed")
    request = a_request(now)
    task = Task(
        id="TSK-PREVIEW",
        what=max(catalogue.load_catalogue("en").tasks, key=_title_length),
        patient_id=patient.id,
        subject_id=request.id,
        opened_at=now,
        deadline_at=request.answer_by,
    )
    for kind in sorted(email_kinds()):
        if kind.startswith("patient_"):
            continue
        if kind == floods.KIND:
            yield from _of_many_requests(named, patient, request, seed.id)
            continue
        message = _a_message(kind, now).evolve(staff_id=seed.id)
        subject = task if kind in ABOUT_TASKS else None if kind in ABOUT_NOTHING else request
        yield _mail(named, message, patient, subject, kind)


def _of_many_requests(
    services: Services, patient: Patient, request: ConsultationRequest, staff_id: str
) -> Iterator[Mail]:
    """The mail about many requests, on each of its three occasions (R68)."""
    now, until = services.clock.now(), floods.end_of_span(request.answer_by)
    for row in (
        floods.came(now),
        floods.waits(until, now),
        floods.is_overdue(until, due_at=until, now=now),
    ):
        message = _a_message(row.kind, now).evolve(staff_id=staff_id, facts=row.facts)
        stage = floods.Stage(row.facts.stage or "")
        waiting = Waiting(stage, MANY, MANY // 2, (request.id,))
        yield _mail(services, message, patient, None, f"{row.kind}: {stage}", waiting=waiting)


def patient_pages(
    services: Services, plan: CarePlan, languages: Sequence[str], filling: Filling
) -> Iterator[Page]:
    """The page of the patient's link, at each level; its forms and links do not work."""
    now = services.clock.now()
    visit = a_visit(services.clinic, plan.visit_type, filling.starts[0], now)
    levels = LEVELS if plan.is_sedating else LEVELS[:1]
    wiring.provide(services)
    try:
        for language in languages:
            for level in levels:
                patient = a_patient(language, now, level=level)
                body = str(page_of(Opened(PAGE_TOKEN, visit, patient, SentBy.MAIL)).body)
                html = _with_style(body)
                yield Page(title=plan.visit_type, language=language, level=level, html=html)
    finally:
        wiring.provide(None)


def _a_message(kind: str, now: datetime) -> Message:
    return Message(
        id=f"REQ-PREVIEW.{kind}",
        kind=kind,
        channel=Channel.EMAIL,
        scheduled_at=now,
        send_before=now,
        created_at=now,
        due_at=now,
    )


def _mail(
    services: Services,
    message: Message,
    patient: Patient,
    subject: Record | None,
    name: str,
    *,
    waiting: Waiting | None = None,
) -> Mail:
    snapshot = Snapshot(
        now=services.clock.now(),
        message=message,
        subject=subject,
        patient=patient,
        phone=None,
        first_text=None,
        counts={},
        stop=None,
        zone=services.clinic.zone,
        rests_until=None,
        waiting=waiting,
    )
    mail = compose_email(services.delivery_context, snapshot)
    return Mail(
        title=name.replace("_", " ").capitalize(),
        language=patient.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
    )


def _with_style(page: str) -> str:
    """The page without anything that it would have to fetch."""

    def style_of(match: re.Match[str]) -> str:
        return f"<style>{FOLDER.joinpath('static', match[1]).read_text(encoding='utf-8')}</style>"

    return re.sub(r'<link rel="stylesheet" href="[^"]*/static/([\w.-]+)\?[^"]*">', style_of, page)


def _title_length(what: str) -> int:
    titles: Mapping[str, str] = catalogue.load_catalogue("en").tasks
    return len(titles[what])
