"""Staff who decide late, twice or at once, and what happens to each visit."""

from datetime import datetime, time, timedelta
from functools import partial

from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from tests.simulation.engine.scene import Scene
from tests.simulation.world.frontdesk import Form

STAFF = ("scheduler", "nurse", "manager")
EVENINGS = (17, 21)  # the hours in which a late session begins
TYPES = ("consultation", "iv_infusion", "intranasal", "telehealth")


class Staff:
    """They look at what is true, and act upon it in their own time."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def answer_someone(self) -> None:
        """One of the waiting requests gets its answer; now and then two of the staff give one."""
        waiting = list(self.scene.ledger.open_requests.values())
        if not waiting:
            return
        request = self.scene.chance.choice(waiting)
        self._answer(request)
        if self.scene.faults.happens("two of the staff at once"):
            self._answer(request)
        self.scene.stage.after(self.answer_someone, hours=self.scene.chance.uniform(6, 60))

    def _answer(self, request: ConsultationRequest) -> None:
        chance = self.scene.chance
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
        self.decide(name, request.id, form)

    def morning(self) -> None:
        """What will happen today to each visit, and what was left to do is done."""
        chance, stage = self.scene.chance, self.scene.stage
        for task in list(self.scene.ledger.open_tasks.values()):
            if chance.random() < 0.5:
                stage.after(partial(self.does, task), minutes=chance.uniform(0, 600))
        for visit in list(self.scene.ledger.open_visits.values()):
            until = visit.start_at - stage.now
            if timedelta(0) < until < timedelta(hours=17):
                self._today(visit)
            if timedelta(0) < until and chance.random() < 0.12:
                minutes = chance.uniform(0, 900)
                stage.after(partial(self.changes, visit.id), minutes=minutes)

    def takes_alarms(self) -> None:
        """An alarm is mailed until somebody takes it, also when nothing else happens (R44)."""
        for task in list(self.scene.ledger.open_tasks.values()):
            if task.urgent:
                self.does(task)

    def _today(self, visit: Appointment) -> None:
        chance, stage = self.scene.chance, self.scene.stage

        def then(name: str, at: datetime) -> None:
            ticked = name == "discharged" and chance.random() < 0.5
            form = {"handed_over": ["yes"]} if ticked else {}  # it counts at night alone
            stage.at(max(at, stage.now), lambda: self.decide(name, visit.id, form))

        def about(at: datetime, before: float, after: float) -> datetime:
            return at + timedelta(minutes=chance.uniform(-before, after))

        if chance.random() < 0.12:
            then("no_show", missed := about(visit.start_at, 0, 60))
            if chance.random() < 0.5:
                return
            # They are only late.
            then("undo", about(missed, 0, 11))
        if chance.random() < 0.8:
            then("arrived", came := about(visit.start_at, 15, 15))
            if chance.random() < 0.08:
                then("undo", about(came, 0, 11))
                then("arrived", about(came, -11, 30))
        if chance.random() < 0.85:
            then("discharged", left := about(visit.end_at, 30, 40))
            if chance.random() < 0.25:
                then("undo", about(left, 0, 11))
                then("discharged", about(left, -11, 40))

    def does(self, task: Task) -> None:
        """A task is done; whose text was doubtful is asked, and may have meant no harm."""
        chance, ledger = self.scene.chance, self.scene.ledger
        theirs = [v for v in ledger.open_visits.values() if v.patient_id == task.patient_id]
        if task.what == "doubtful_stop" and theirs and chance.random() < 0.6:
            ledger.may_be_resumed(task.number or "")
            self.decide("resume", theirs[0].id, {})
        self.scene.front_desk.close(task.id, chance.choice(STAFF))

    def changes(self, visit_id: str) -> None:
        """A visit is moved or called off, or its patient's details change."""
        visit = self.scene.ledger.visits[visit_id]
        chance = self.scene.chance
        if self.scene.faults.happens("a patient wants to be erased"):
            self.scene.front_desk.erase(visit_id, chance.choice(STAFF))
            return
        name = chance.choices(
            ["reschedule", "cancel", "driver", "contact", "opt_out"], [8, 3, 3, 1, 1]
        )[0]
        form: Form = {
            "reschedule": self._place(visit.visit_type),
            "cancel": {"reason_code": ["clinic_closed"], "tell_patient": ["yes"]},
            "driver": {"has": [chance.choice(["yes", "no"])]},
            "contact": self._details(),
            "opt_out": {"means": ["phone"]},
        }[name]
        self.decide(name, visit_id, form)
        if self.scene.faults.happens("two of the staff at once"):
            again = self._place(visit.visit_type) if name == "reschedule" else form
            self.decide(name, visit_id, again)

    def corrects(self, subject_id: str) -> None:
        """A patient is reached elsewhere from now on."""
        self.decide("contact", subject_id, self._details())

    def _details(self) -> Form:
        chance = self.scene.chance
        return {
            "name": ["Pat Example"],
            "phone": [chance.choice(self.scene.numbers)],
            "email": [f"pat-{chance.randint(1, 9999)}@example.com"],
            "language": ["en"],
        }

    def decide(self, name: str, subject_id: str, form: Form) -> None:
        """Whatever is decided, its box is ticked."""
        by = self.scene.chance.choice(STAFF)
        self.scene.front_desk.decide(name, subject_id, by, {**form, "sure": ["yes"]})

    def _place(self, visit_type: str) -> dict[str, list[str]]:
        """A time in the next days, on few resources, so that people meet."""
        chance = self.scene.chance
        clinic = self.scene.front_desk.clinic
        kind, zone = clinic.visit_type(visit_type), clinic.zone
        day = self.scene.stage.now.astimezone(zone).date() + timedelta(days=chance.randint(0, 9))
        first, last = (9, 15) if chance.random() < 0.85 else EVENINGS
        at = time(chance.randint(first, last), chance.choice([0, 30]))
        return {
            "starts_at": [f"{day.isoformat()}T{at:%H:%M}"],
            "visit_type": [visit_type],
            "resource": [chance.choice(kind.resources)],
        }
