"""What people ask of the service: visits, decisions, to be forgotten."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import Unavailable
from chalicelib.usecases.forgetting import erase
from chalicelib.usecases.intake import Wish, submit
from chalicelib.usecases.staff import acting
from chalicelib.web.decision_fields import read
from chalicelib.web.decisions import DECISIONS, Taking
from chalicelib.wiring import Services
from tests.simulation.acts import Acts
from tests.simulation.stage import Act
from tests.world import FORM

Form = Mapping[str, list[str]]


class FrontDesk:
    """Every way in for patients and staff."""

    def __init__(self, services: Services, acts: Acts) -> None:
        self._services = services
        self._acts = acts
        self._stage = acts.stage
        self.clinic = services.clinic
        self.erased: set[str] = set()  #: visits whose patients were erased
        self.acknowledged: set[str] = set()  #: notes of the requests whose sender was told so

    def decide(self, name: str, subject_id: str, staff_id: str, form: Form) -> None:
        """A member of staff presses a button."""

        def work() -> None:
            desk, now = self._services.desk, self._services.clock.now()
            row = DECISIONS[name]
            actor = acting(desk, staff_id, now)
            row.take(Taking(desk, subject_id, actor), read(row.fields, dict(form)))

        def by_web() -> None:
            now = self._services.clock.now()
            token = self._services.links.staff_token(
                subject_id=subject_id, staff_id=staff_id, now=now
            )
            pairs = [(field, value) for field, values in form.items() for value in values]
            self._acts.check(self._acts.browser.send(f"/s/{token}/{name}", pairs).status_code)

        said = " ".join(f"{field}={'/'.join(values)}" for field, values in form.items())
        self._acts.either(f"{staff_id}: {name} {subject_id} {said}", work, by_web)

    def erase(self, subject_id: str, staff_id: str) -> None:
        """A patient wants to be forgotten: staff run it again until it says that all is done."""
        under_way = 0

        def work() -> None:
            nonlocal under_way
            desk = self._services.desk
            actor = acting(desk, staff_id, self._services.clock.now())
            under_way = erase(desk, subject_id, actor=actor).under_way

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                self._stage.after(lambda: self.erase(subject_id, staff_id), minutes=1)
            elif act.failed is None and under_way:
                self._stage.after(lambda: self.erase(subject_id, staff_id), hours=1)
            elif act.failed is None:
                self.erased.add(subject_id)

        self._acts.perform(f"{staff_id}: erase {subject_id}", work, ended)

    def ask(self, fields: dict[str, Any], wish: Wish, key: str) -> None:
        """A patient sends the form; the fields as JSON, and the same as a wish."""

        def work() -> None:
            submit(self._services.desk, wish, origin=FORM, key=key)

        said = 201

        def by_web() -> None:
            nonlocal said
            said = self._acts.browser.json("/requests", fields, Idempotency_Key=key).status_code
            self._acts.check(said)

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                # No answer came, so the form is sent again with the same key (F2).
                self._stage.after(lambda: self.ask(fields, wish, key), seconds=60)
            elif act.failed is None and said == 201:
                self.acknowledged.add(fields["note"])

        self._acts.either(f"{fields['phone']} asks for a visit", work, by_web, ended)
