"""The service on the stage: its handlers as acts, by way of the web for a share of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app import mail_event
from chalicelib.domain.errors import Refusal, Unavailable
from chalicelib.outbox import courier, receipts, tick
from chalicelib.ports import ReceivedText
from chalicelib.usecases.catching_up import hear_what_was_missed
from chalicelib.usecases.erasing import erase_what_is_old
from chalicelib.usecases.forgetting import erase
from chalicelib.usecases.inbound import Incoming, receive_text
from chalicelib.usecases.staff import acting
from chalicelib.web.decision_fields import read
from chalicelib.web.decisions import DECISIONS, Taking
from chalicelib.web.guard import EventFailed
from chalicelib.wiring import Services
from tests.simulation.faults import Faults
from tests.simulation.ledger import Broken
from tests.simulation.mails import Mailed
from tests.simulation.provider import STARTS, STOPS, Taken
from tests.simulation.stage import Act, Stage
from tests.web.browser import Browser
from tests.world import SETTINGS

BY_WEB = 0.15  # the share of the handlers that are reached over HTTP
RETRIES = 5  # of a webhook that failed, as its address asks for (`#rc=5`)
AGAIN_AFTER = (60.0, 120.0)  # seconds, as Lambda tries again what an event's function did not take
VISIBLE_AGAIN = 360.0  # seconds until the queue hands out again what was not finished

Say = Callable[[str], None]
Form = Mapping[str, list[str]]


class Service:
    """Every way in. What a handler may raise is judged here; anything else is a defect."""

    def __init__(
        self, services: Services, stage: Stage, faults: Faults, say: Say, browser: Browser
    ) -> None:
        self.services = services
        self.stage = stage
        self.faults = faults
        self.say = say
        self._browser = browser
        self.told: dict[str, datetime] = {}  #: by mail, when its fate was taken in
        self.erased: set[str] = set()  #: visits whose patients were erased
        self.acknowledged: set[str] = set()  #: notes of the requests whose sender was told so
        self._web_is_busy = False  # Chalice's app holds one request at a time, as a container does

    def deliver(self, message_id: str) -> None:
        def work() -> None:
            assert self.stage.current is not None
            self.stage.current.about = message_id
            courier.deliver(self.services.office, message_id)

        def ended(act: Act) -> None:
            if act.killed:
                self.stage.after(lambda: self.deliver(message_id), seconds=VISIBLE_AGAIN)

        self._perform(f"courier {message_id}", work, ended)

    def tick(self) -> None:
        def work() -> None:
            services = self.services
            tick.run(services.office)
            hear_what_was_missed(
                services.desk, services.text_inbox, quiet_words=services.settings.quiet_words
            )
            erase_what_is_old(services.desk, services.text_inbox)

        self._perform("tick", work, None)

    def decide(self, name: str, subject_id: str, staff_id: str, form: Form) -> None:
        """A member of staff presses a button."""

        def work() -> None:
            desk, now = self.services.desk, self.services.clock.now()
            row = DECISIONS[name]
            actor = acting(desk, staff_id, now)
            row.take(Taking(desk, subject_id, actor), read(row.fields, dict(form)))

        def by_web() -> None:
            now = self.services.clock.now()
            token = self.services.links.staff_token(
                subject_id=subject_id, staff_id=staff_id, now=now
            )
            pairs = [(field, value) for field, values in form.items() for value in values]
            self._check(self._browser.send(f"/s/{token}/{name}", pairs).status_code)

        said = " ".join(f"{field}={'/'.join(values)}" for field, values in form.items())
        self._either(f"{staff_id}: {name} {subject_id} {said}", work, by_web, None)

    def erase(self, subject_id: str, staff_id: str) -> None:
        """A patient wants to be forgotten: staff run it again until it says that all is done."""
        under_way = 0

        def work() -> None:
            nonlocal under_way
            desk = self.services.desk
            actor = acting(desk, staff_id, self.services.clock.now())
            under_way = erase(desk, subject_id, actor=actor).under_way

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                self.stage.after(lambda: self.erase(subject_id, staff_id), minutes=1)
            elif act.failed is None and under_way:
                self.stage.after(lambda: self.erase(subject_id, staff_id), hours=1)
            elif act.failed is None:
                self.erased.add(subject_id)

        self._perform(f"{staff_id}: erase {subject_id}", work, ended)

    def ask(self, fields: dict[str, Any], key: str, work: Callable[[], None]) -> None:
        said = 201

        def by_web() -> None:
            nonlocal said
            said = self._browser.json("/requests", fields, Idempotency_Key=key).status_code
            self._check(said)

        def ended(act: Act) -> None:
            if act.killed or isinstance(act.failed, Unavailable):
                # No answer came, so the form is sent again with the same key (F2).
                self.stage.after(lambda: self.ask(fields, key, work), seconds=60)
            elif act.failed is None and said == 201:
                self.acknowledged.add(fields["note"])

        self._either(f"{fields['phone']} asks for a visit", work, by_web, ended)

    def hear(self, text: ReceivedText, left: int = RETRIES) -> None:
        """The webhook of a text that reached our number."""
        kind = "STOP" if text.body in STOPS else "START" if text.body in STARTS else None

        def work() -> None:
            incoming = Incoming(sid=text.sid, sender=text.sender, body=text.body, opt_out_type=kind)
            receive_text(
                self.services.desk, incoming, quiet_words=self.services.settings.quiet_words
            )

        def by_web() -> None:
            fields = [
                ("MessageSid", text.sid),
                ("From", text.sender),
                ("To", SETTINGS.twilio_from),
                ("Body", text.body),
                *([("OptOutType", kind)] if kind else []),
            ]
            self._check(self._browser.twilio("/twilio/inbound", fields).status_code)

        def ended(act: Act) -> None:
            if left and (act.killed or act.failed):
                self.stage.after(lambda: self.hear(text, left - 1), seconds=1)

        self._either(f"text from {text.sender}: {text.body!r}", work, by_web, ended)

    def report(self, text: Taken, status: str, code: int | None, left: int = RETRIES) -> None:
        """The webhook of a receipt."""

        def work() -> None:
            receipts.take(
                self.services.office,
                text.message_id,
                sid=text.sid,
                to=text.to,
                status=status,
                error_code=code,
            )

        def by_web() -> None:
            fields = [("MessageSid", text.sid), ("To", text.to), ("MessageStatus", status)]
            fields += [("ErrorCode", str(code))] if code else []
            path = f"/twilio/status/{text.message_id}"
            self._check(self._browser.twilio(path, fields).status_code)

        def ended(act: Act) -> None:
            if left and (act.killed or act.failed):
                self.stage.after(lambda: self.report(text, status, code, left - 1), seconds=1)

        self._either(f"receipt {status} {code or ''} {text.message_id}", work, by_web, ended)

    def tell(self, mail: Mailed, event: str, after: tuple[float, ...] = AGAIN_AFTER) -> None:
        """What became of a mail, as SNS hands it over. Fails it thrice, it is an alarm (F36)."""

        def work() -> None:
            sns = {"Message": event, "Subject": "SES", "MessageAttributes": {}}
            try:
                mail_event({"Records": [{"Sns": sns}]}, None)
            except EventFailed as error:
                if str(error).startswith(Unavailable.__name__):
                    raise Unavailable(str(error)) from error
                raise

        def ended(act: Act) -> None:
            if not (act.killed or act.failed):
                self.told.setdefault(mail.sid, self.stage.now)
            elif after:
                self.stage.after(lambda: self.tell(mail, event, after[1:]), seconds=after[0])

        self._perform(f"mail {mail.message_id} {mail.fate}", work, ended)

    def _either(
        self,
        name: str,
        work: Callable[[], None],
        by_web: Callable[[], None],
        ended: Callable[[Act], None] | None,
    ) -> None:
        """Over HTTP now and then, while no other request is under way."""
        if self._web_is_busy or self.faults.chance.random() >= BY_WEB:
            self._perform(name, work, ended)
            return
        self._web_is_busy = True

        def over(act: Act) -> None:
            self._web_is_busy = False
            if ended is not None:
                ended(act)

        self._perform(f"{name} (web)", by_web, over)

    def _perform(
        self, name: str, work: Callable[[], None], ended: Callable[[Act], None] | None
    ) -> None:
        def over(act: Act) -> None:
            how = "killed" if act.killed else f"{act.failed!r}" if act.failed else "done"
            self.say(f"{act.name}: {how}")
            if isinstance(act.failed, Broken):
                raise act.failed
            may_fail = not act.name.startswith("courier")
            if act.failed is not None and not (
                may_fail and isinstance(act.failed, Refusal | Unavailable)
            ):
                raise Broken(f"{act.name} ended with {act.failed!r}") from act.failed
            if ended is not None:
                ended(act)

        self.stage.perform(name, work, over)

    def _check(self, status: int) -> None:
        """A 5xx is a refusal to be tried again; the framework's own 500 is a defect."""
        if status == 500:
            raise Broken("the web answered 500")
        if status >= 500:
            raise Unavailable(str(status))
