"""What people ask of the service: visits, decisions, erasure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.adapters.links import DAY
from chalicelib.domain.errors import Unavailable
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.requests.submit import RequestForm, submit
from chalicelib.usecases.staff import acting
from chalicelib.usecases.tasks import close_task
from chalicelib.web.staff.decisions.decision import Taking
from chalicelib.web.staff.decisions.offered import DECISIONS
from chalicelib.wiring import Services
from tests.simulation.engine.acts import Acts
from tests.simulation.engine.stage import Act
from tests.simulation.invariants.ledger import Ledger, hold
from tests.simulation.world.delivery import Taken
from tests.simulation.world.mails import Mailed
from tests.web.browser import forms_of
from tests.world import FORM

Form = Mapping[str, list[str]]
Choose = Callable[[Sequence[Any]], Any]

LINK = re.compile(r"/v/[0-9A-Za-z]{22}")
LINK_LIFE = timedelta(days=30)
TIMES = re.compile(r'name="starts_at"[^>]*value="([^"]+)"')


def page_in(message: Taken | Mailed) -> str | None:
    """The path of the patient's page that the message links to."""
    found = LINK.search(message.body if isinstance(message, Taken) else message.text)
    return found[0] if found else None


class FrontDesk:
    """Every way in for patients and staff."""

    def __init__(self, services: Services, acts: Acts, ledger: Ledger) -> None:
        self._services = services
        self._ledger = ledger
        self._acts = acts
        self._stage = acts.stage
        self.clinic = services.clinic
        self.erased: set[str] = set()  #: visits whose patients were erased
        self.acknowledged: set[str] = set()  #: notes of the requests whose sender got a receipt

    def decide(self, name: str, subject_id: str, staff_id: str, form: Form) -> None:
        """A member of staff presses a button."""

        def work() -> None:
            context, now = self._services.context, self._services.clock.now()
            actor = acting(context, staff_id, now)
            DECISIONS[name].read(dict(form)).take(Taking(context, subject_id, actor))

        is_web = False

        def by_web() -> None:
            nonlocal is_web
            is_web = True
            now = self._services.clock.now()
            token = self._services.links.staff_token(
                subject_id=subject_id, staff_id=staff_id, now=now
            )
            pairs = [(field, value) for field, values in form.items() for value in values]
            self._acts.check(self._acts.browser.send(f"/s/{token}/{name}", pairs).status_code)

        def ended(act: Act) -> None:
            if act.killed or act.failed or act.began_at is None:
                return
            what = DECISIONS[name].EVENT
            since = self._ledger.decided_since(act.began_at)
            noted = [e for e in since if e.what == what and e.by == staff_id]
            # Over HTTP a refusal is a page as well.
            told = bool(noted) or is_web
            hold(told, f"{staff_id} was told that {subject_id} is {what}, and nothing says so")
            if name == "opt_out":
                # The same person may be noting another opt-out at this moment.
                about = self._ledger.visits.get(subject_id) or self._ledger.requests[subject_id]
                theirs = [event for event in noted if event.owner_id == about.patient_id]
                self._ledger.told_to_the_end |= {event.change_id for event in theirs}

        said = " ".join(f"{field}={'/'.join(values)}" for field, values in form.items())
        self._acts.either(f"{staff_id}: {name} {subject_id} {said}", work, by_web, ended)

    def close(self, task_id: str, staff_id: str) -> None:
        """A task is done."""

        def work() -> None:
            context = self._services.context
            actor = acting(context, staff_id, self._services.clock.now())
            close_task(context, task_id=task_id, note="done", actor=actor)

        def by_web() -> None:
            now = self._services.clock.now()
            token = self._services.links.staff_token(subject_id=DAY, staff_id=staff_id, now=now)
            pairs = [("task", task_id), ("note", "done"), ("sure", "yes")]
            self._acts.check(self._acts.browser.send(f"/d/{token}/done", pairs).status_code)

        self._acts.either(f"{staff_id}: done {task_id}", work, by_web)

    def open_page(self, page: str, message: Taken | Mailed, choose: Choose) -> None:
        """A patient opens the link of a message, and answers with one of the page's forms."""
        name = f"the page of {message.message_id}"

        def by_web() -> None:
            browser = self._acts.browser
            opened = browser.get(page)
            self._acts.check(opened.status_code)
            if opened.status_code != 200:
                self._may_be_closed(message, opened.status_code)
                return
            html = opened.body.decode()
            forms = forms_of(html)
            if not forms:
                return
            form = choose(forms)
            fields = [pair for pair in form.fields if pair[0] != "sure"] + [("sure", "yes")]
            if times := TIMES.findall(html):
                fields.append(("starts_at", choose(times)))
            self._acts.say(f"{name}: {form.action.rpartition('/')[2]}")
            self._acts.check(browser.send(form.action, fields).status_code)

        def ended(act: Act) -> None:
            if act.killed or act.failed or act.began_at is None:
                return
            patient_id = self._ledger.messages[message.message_id].patient_id
            self._ledger.told_to_the_end |= {
                event.change_id
                for event in self._ledger.decided_since(act.began_at)
                if event.what == "own_messages_ended" and event.owner_id == patient_id
            }

        self._acts.web(name, by_web, ended)

    def _may_be_closed(self, message: Taken | Mailed, status: int) -> None:
        """A link that was sent works until it expires, or its reader is no longer its patient.

        A mail may have been sent a second time, to another address.
        """
        ledger = self._ledger
        claims = ledger.claims[message.message_id]
        claim = [claim for claim in claims if claim.at <= message.at][-1]
        if ledger.is_lost(claim.at):
            return
        patient = ledger.patients[claim.message.patient_id or ""]
        is_theirs = claim.patient is not None and claim.patient.links == patient.links
        is_young = self._stage.now - claim.at < LINK_LIFE - timedelta(hours=1)
        closed = patient.erased_at is not None or not (is_theirs and is_young)
        hold(closed, f"the link of {message.message_id} is {status}")

    def erase(self, subject_id: str, staff_id: str) -> None:
        """A patient wants to be erased: staff repeat it until it says that all is done."""
        under_way = 0

        def work() -> None:
            nonlocal under_way
            context = self._services.context
            actor = acting(context, staff_id, self._services.clock.now())
            under_way = erase(context, subject_id, actor=actor).under_way

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                self._stage.after(lambda: self.erase(subject_id, staff_id), minutes=1)
            elif act.failed is None and under_way:
                self._stage.after(lambda: self.erase(subject_id, staff_id), hours=1)
            elif act.failed is None:
                self.erased.add(subject_id)

        self._acts.perform(f"{staff_id}: erase {subject_id}", work, ended)

    def ask(self, fields: dict[str, Any], request_form: RequestForm, key: str) -> None:
        """A patient sends the form; the fields as JSON, and as a request form."""

        def work() -> None:
            submit(self._services.context, request_form, origin=FORM, key=key)

        said = 201

        def by_web() -> None:
            nonlocal said
            said = self._acts.browser.json("/requests", fields, Idempotency_Key=key).status_code
            self._acts.check(said)

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                # No answer came, so the form is sent again with the same key (F2).
                self._stage.after(lambda: self.ask(fields, request_form, key), seconds=60)
            elif act.failed is None and said == 201:
                self.acknowledged.add(fields["note"])

        self._acts.either(f"{fields['phone']} asks for a visit", work, by_web, ended)
