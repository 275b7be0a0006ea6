"""Patients who ask, answer, stop, do not come; staff who decide late, twice, or at once."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from chalicelib.clinic.times import at_wall_clock
from chalicelib.domain.appointment import Appointment
from chalicelib.domain.request import ConsultationRequest
from chalicelib.usecases.intake import Wish, submit
from tests.simulation.faults import Faults
from tests.simulation.ledger import Ledger
from tests.simulation.provider import Provider, Taken
from tests.simulation.service import Form, Service
from tests.simulation.stage import Stage
from tests.world import FORM

STAFF = ("scheduler", "nurse", "manager")
TYPES = ("consultation", "iv_infusion", "intranasal", "telehealth")
ANSWERS = {  # what is typed upon a text of this kind, and how often
    "proposed": (("1", 6), ("2", 2), ("hello?", 1)),
    "ride": (("D", 6), ("N", 2), ("who is this", 1)),
    "which": (("1", 5), ("2", 3)),
    "": (("C", 8), ("ok", 3), ("R", 2), ("thanks", 2), ("STOP", 1), ("CANCEL", 1)),
}
RARELY = ("I have chest pain", "please stop texting me", "leave me alone", "HELP", "1", "STOP")


class People:
    """Who acts when. They look at what is true, and act upon it late, twice, or at once."""

    def __init__(
        self,
        *,
        chance: Random,
        stage: Stage,
        faults: Faults,
        ledger: Ledger,
        service: Service,
        provider: Provider,
        numbers: list[str],
        asks_a_day: float,
        days: int,
    ) -> None:
        self.chance = chance
        self.stage = stage
        self.faults = faults
        self.ledger = ledger
        self.service = service
        self.provider = provider
        self.numbers = numbers
        self.ends_at = stage.now + timedelta(days=days)
        self._asked = 0
        zone = service.services.clinic.zone
        for day in range(days):
            on = (stage.now + timedelta(days=day)).astimezone(zone).date()
            stage.at(at_wall_clock(on, time(7), zone), self._morning)
            count = int(asks_a_day) + (chance.random() < asks_a_day % 1)
            for _ in range(count):
                minute = chance.randint(6 * 60, 22 * 60)
                stage.at(at_wall_clock(on, time(minute // 60, minute % 60), zone), self._ask)

    # Patients

    def rings(self, text: Taken) -> None:
        """A text arrived; its reader may answer it."""
        if self.faults.is_calm or self.chance.random() > 0.35:
            return
        kind = next((k for k in ANSWERS if k and k in text.message_id), "")
        words, weights = zip(*ANSWERS[kind], strict=True)
        body = self.chance.choices(words, weights)[0]
        if self.chance.random() < 0.05:
            body = self.chance.choice(RARELY)
        seconds = self.chance.choice([5, 60, 3600, 20000]) * self.chance.uniform(0.5, 1.5)
        self.stage.after(lambda: self.texts(text.to, body), seconds=seconds)

    def texts(self, number: str, body: str) -> None:
        """A phone sends a text; the provider's webhook is lost, late or comes twice."""
        faults = self.faults
        text = self.provider.hear(number, body)
        if body in ("STOP", "CANCEL") and self.chance.random() < 0.6:
            hours = self.chance.uniform(0.1, 100)
            self.stage.after(lambda: self.texts(number, "START"), hours=hours)
        if faults.lasts("no webhooks for an hour") or faults.happens("webhook lost"):
            return
        for _ in range(2 if faults.happens("webhook twice") else 1):
            late = faults.happens("webhook late")
            seconds = self.chance.uniform(0.1, 1800 if late else 2)
            self.stage.after(lambda: self.service.hear(text), seconds=seconds)

    def _ask(self) -> None:
        chance = self.chance
        self._asked += 1
        consents = chance.random() < 0.88
        fields: dict[str, Any] = {
            "name": f"Pat {chance.choice('ABCDEFGH')} Example",
            "phone": chance.choice(self.numbers),
            "email": f"pat-{self._asked}@example.org" if chance.random() < 0.6 else None,
            "reason": "depression",
            "preferred": ["mon:morning"],
            "note": f"no. {self._asked}",
            "language": chance.choice(["en", "en", "es"]),
            "sms_consent": consents,
            "detailed_consent": consents and chance.random() < 0.7,
            "discreet": chance.random() < 0.1,
            "time_zone": chance.choice([None, None, "America/Denver", "America/New_York"]),
        }
        key = f"key-{self._asked:08d}"
        as_json = {name: value for name, value in fields.items() if value is not None}
        as_json["preferred"] = [{"day": "mon", "part": "morning"}]
        wish = Wish(**fields | {"preferred": ("mon:morning",)})

        def work() -> None:
            submit(self.service.services.desk, wish, origin=FORM, key=key)

        for _ in range(2 if self.faults.happens("form sent twice") else 1):
            self.service.ask(as_json, key, work)
        self.stage.after(self._answer_someone, minutes=chance.uniform(1, 600))

    # Staff

    def _answer_someone(self) -> None:
        """One of the waiting requests gets its answer; now and then two of the staff give one."""
        waiting = list(self.ledger.open_requests.values())
        if not waiting:
            return
        request = self.chance.choice(waiting)
        self._answer(request)
        if self.faults.happens("two of the staff at once"):
            self._answer(request)
        self.stage.after(self._answer_someone, hours=self.chance.uniform(6, 60))

    def _answer(self, request: ConsultationRequest) -> None:
        chance = self.chance
        type_ = chance.choice(TYPES)
        form = self._place(type_)
        name = chance.choices(["confirm", "propose", "decline", "course"], [14, 3, 1, 2])[0]
        match name:
            case "propose":
                more = self._place(type_)["starts_at"]
                form = form | {"starts_at": [*form["starts_at"], *more]}
            case "decline":
                form = {"reason_code": ["no_capacity"]}
            case "course":
                form = self._place("iv_infusion")
                form = {
                    "first_starts_at": form["starts_at"],
                    "visit_type": ["iv_infusion"],
                    "resource": form["resource"],
                    "sessions": [str(chance.randint(2, 4))],
                    "spacing_days": [str(chance.randint(2, 5))],
                }
        self._decide(name, request.id, form)

    def _morning(self) -> None:
        """What will happen today to each visit."""
        chance, stage = self.chance, self.stage
        for visit in list(self.ledger.open_visits.values()):
            until = visit.start_at - stage.now
            if timedelta(0) < until < timedelta(hours=17):
                self._today(visit)
            if timedelta(0) < until and chance.random() < 0.12:
                minutes = chance.uniform(0, 900)
                stage.after(partial(self._changes, visit.id), minutes=minutes)

    def _today(self, visit: Appointment) -> None:
        chance, stage = self.chance, self.stage
        sure: Form = {"sure": ["yes"]}

        def then(name: str, at: datetime) -> None:
            stage.at(max(at, stage.now), lambda: self._decide(name, visit.id, sure))

        def about(at: datetime, before: float, after: float) -> datetime:
            return at + timedelta(minutes=chance.uniform(-before, after))

        if chance.random() < 0.12:
            then("no_show", missed := about(visit.start_at, 0, 60))
            if chance.random() < 0.2:
                then("undo", about(missed, 0, 11))
            return
        if chance.random() < 0.8:
            then("arrived", about(visit.start_at, 15, 15))
        if chance.random() < 0.85:
            then("discharged", left := about(visit.end_at, 30, 40))
            if chance.random() < 0.1:
                then("undo", about(left, 0, 11))
                then("discharged", about(left, -11, 40))

    def _changes(self, visit_id: str) -> None:
        """A visit is moved or called off, or its patient's details change."""
        visit = self.ledger.visits[visit_id]
        chance = self.chance
        name = chance.choices(
            ["reschedule", "cancel", "driver", "contact", "opt_out"], [8, 3, 3, 1, 1]
        )[0]
        form: Form = {
            "reschedule": self._place(visit.visit_type),
            "cancel": {"reason_code": ["clinic_closed"], "tell_patient": ["yes"]},
            "driver": {"has": [chance.choice(["yes", "no"])]},
            "contact": {
                "name": ["Pat Example"],
                "phone": [chance.choice(self.numbers)],
                "email": ["pat@example.org"],
                "language": ["en"],
                "sure": ["yes"],
            },
            "opt_out": {"means": ["phone"]},
        }[name]
        self._decide(name, visit_id, form)
        if self.faults.happens("two of the staff at once"):
            again = self._place(visit.visit_type) if name == "reschedule" else form
            self._decide(name, visit_id, again)

    def meddle(self, message_id: str) -> None:
        """Somebody acts on the very thing that a courier has in hand."""
        visit = self.ledger.visits.get(message_id.partition(".")[0])
        message = self.ledger.messages.get(message_id)
        patient = self.ledger.patients.get(message.patient_id or "") if message else None
        acts: list[Callable[[], None]] = [lambda: self.service.deliver(message_id)]
        if patient is not None:
            number = patient.phone
            acts.append(lambda: self.texts(number, "STOP"))
            if visit is not None:
                acts.append(partial(self._opts_out, visit.id, number))
        if visit is not None and visit.status == "booked":
            acts += [partial(self._changes, visit.id)] * 4
            sure = {"sure": ["yes"]}
            acts += [partial(self._decide, "arrived", visit.id, sure)] * 2
        self.stage.after(self.chance.choice(acts), seconds=0.01)

    def _opts_out(self, visit_id: str, number: str) -> None:
        """By phone, which the provider does not know of; later the patient thinks better of it."""
        self._decide("opt_out", visit_id, {"means": ["phone"]})
        hours = self.chance.uniform(0.1, 30)
        self.stage.after(lambda: self.texts(number, "START"), hours=hours)

    def _decide(self, name: str, subject_id: str, form: Form) -> None:
        self.service.decide(name, subject_id, self.chance.choice(STAFF), form)

    def _place(self, visit_type: str) -> dict[str, list[str]]:
        """A time in the next days, on few resources, so that people meet."""
        chance = self.chance
        clinic = self.service.services.clinic
        kind, zone = clinic.visit_type(visit_type), clinic.zone
        day = self.stage.now.astimezone(zone).date() + timedelta(days=chance.randint(0, 9))
        at = time(chance.randint(9, 15), chance.choice([0, 30]))
        return {
            "starts_at": [f"{day.isoformat()}T{at:%H:%M}"],
            "visit_type": [visit_type],
            "resource": [chance.choice(kind.resources)],
        }
