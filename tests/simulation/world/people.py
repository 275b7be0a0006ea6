"""Who acts when: patients ask, staff decide, and somebody acts on what a courier has in hand."""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial

from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.messaging.message import Channel
from tests.simulation.engine.scene import Scene
from tests.simulation.world.patients import Patients
from tests.simulation.world.provider import Provider
from tests.simulation.world.staff import Staff

LAST_ALARMS = 3  # days in which a cry for help must have been handled


class People:
    """The days of a run, planned ahead; what people then do depends on the state."""

    def __init__(self, scene: Scene, provider: Provider, *, asks_a_day: float, days: int) -> None:
        self.scene = scene
        self.staff = staff = Staff(scene)
        self.patients = Patients(scene, provider, asked=staff.answer_someone)
        chance, stage = scene.chance, scene.stage
        zone = scene.front_desk.clinic.zone
        for day in range(days):
            on = (stage.now + timedelta(days=day)).astimezone(zone).date()
            stage.at(at_wall_clock(on, time(7), zone), staff.morning)
            count = int(asks_a_day) + (chance.random() < asks_a_day % 1)
            for _ in range(count):
                minute = chance.randint(6 * 60, 22 * 60)
                at = at_wall_clock(on, time(minute // 60, minute % 60), zone)
                stage.at(at, self.patients.ask)

        for day in range(days, days + LAST_ALARMS):
            stage.after(staff.takes_alarms, days=day)

    def meddle(self, message_id: str) -> None:
        """Somebody acts on the very row that a courier works on."""
        ledger = self.scene.ledger
        visit = ledger.visits.get(message_id.partition(".")[0])
        message = ledger.messages.get(message_id)
        patient = ledger.patients.get(message.patient_id or "") if message else None
        acts: list[Callable[[], None]] = [lambda: self.scene.service.deliver(message_id)]
        if patient is not None and patient.erased_at is None:
            number = patient.phone
            acts.append(lambda: self.patients.texts(number, "STOP"))
            if visit is not None:
                acts.append(partial(self._opts_out, visit.id, number))
            if visit is not None and message is not None and message.channel is Channel.EMAIL:
                acts += [partial(self.staff.corrects, visit.id)] * 8
        if visit is not None and visit.status == "booked":
            acts += [partial(self.staff.changes, visit.id)] * 4
            acts += [partial(self.staff.decide, "arrived", visit.id, {})] * 2
        self.scene.stage.after(self.scene.chance.choice(acts), seconds=0.01)

    def _opts_out(self, visit_id: str, number: str) -> None:
        """By phone, which the provider does not know of; later the patient opts in again."""
        self.staff.decide("opt_out", visit_id, {"means": ["phone"]})
        hours = self.scene.chance.uniform(0.1, 30)
        self.scene.stage.after(lambda: self.patients.texts(number, "START"), hours=hours)
