"""What starts the service's handlers: the clock, the queue, and its providers' reports."""

from datetime import datetime

from app import mail_event
from chalicelib.domain.errors import Unavailable
from chalicelib.outbox import deliver, dispatch
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import ReceivedText
from chalicelib.usecases.inbound.poll import poll_missed_texts
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.privacy.retention import erase_expired
from chalicelib.web.http.middleware import EventFailed
from chalicelib.wiring import Services
from tests.simulation.engine.acts import Acts
from tests.simulation.engine.stage import Act
from tests.simulation.world.delivery import Taken
from tests.simulation.world.mails import Mailed
from tests.world import SETTINGS

RETRIES = 5  # of a webhook that failed, as its address asks for (`#rc=5`)
AGAIN_AFTER = (60.0, 120.0)  # seconds, as Lambda retries an event that a function failed on
VISIBLE_AGAIN = 360.0  # seconds until the queue hands out an unfinished id again


class Service:
    """Its handlers as acts, each with what follows when one is killed or fails."""

    def __init__(self, services: Services, acts: Acts) -> None:
        self._services = services
        self._acts = acts
        self._stage = acts.stage
        self.told: dict[str, datetime] = {}  #: by mail, when its outcome was recorded

    def deliver(self, message_id: str) -> None:
        def work() -> None:
            assert self._stage.current is not None
            self._stage.current.about = message_id
            deliver.deliver(self._services.delivery_context, message_id)

        def ended(act: Act) -> None:
            if act.killed:
                self._stage.after(lambda: self.deliver(message_id), seconds=VISIBLE_AGAIN)

        self._acts.perform(f"courier {message_id}", work, ended)

    def tick(self) -> None:
        def work() -> None:
            services = self._services
            dispatch.run(services.delivery_context)
            poll_missed_texts(
                services.context, services.text_inbox, quiet_words=services.settings.quiet_words
            )
            erase_expired(services.context, services.text_inbox)

        self._acts.perform("tick", work)

    def hear(self, text: ReceivedText, means: str | None, left: int = RETRIES) -> None:
        """The webhook of a text that reached our number, and the provider's reading of it."""

        def work() -> None:
            incoming = Incoming(
                sid=text.sid, sender=text.sender, body=text.body, opt_out_type=means
            )
            receive_text(
                self._services.context, incoming, quiet_words=self._services.settings.quiet_words
            )

        def by_web() -> None:
            fields = [
                ("MessageSid", text.sid),
                ("From", text.sender),
                ("To", SETTINGS.twilio_from),
                ("Body", text.body),
                *([("OptOutType", means)] if means else []),
            ]
            self._acts.check(self._acts.browser.twilio("/twilio/inbound", fields).status_code)

        def ended(act: Act) -> None:
            if left and (act.killed or act.failed):
                self._stage.after(lambda: self.hear(text, means, left - 1), seconds=1)

        self._acts.either(f"text from {text.sender}: {text.body!r}", work, by_web, ended)

    def report(self, text: Taken, status: str, code: int | None, left: int = RETRIES) -> None:
        """The webhook of a receipt."""

        def work() -> None:
            text_receipts.take(
                self._services.delivery_context,
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
            self._acts.check(self._acts.browser.twilio(path, fields).status_code)

        def ended(act: Act) -> None:
            if left and (act.killed or act.failed):
                self._stage.after(lambda: self.report(text, status, code, left - 1), seconds=1)

        self._acts.either(f"receipt {status} {code or ''} {text.message_id}", work, by_web, ended)

    def tell(self, mail: Mailed, event: str, after: tuple[float, ...] = AGAIN_AFTER) -> None:
        """The report of a mail's outcome, as by SNS. Three failures are an alarm (F36)."""

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
                self.told.setdefault(mail.sid, self._stage.now)
            elif after:
                self._stage.after(lambda: self.tell(mail, event, after[1:]), seconds=after[0])

        self._acts.perform(f"mail {mail.message_id} {mail.outcome}", work, ended)
