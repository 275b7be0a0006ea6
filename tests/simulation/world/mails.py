"""A provider of mails like ours: it accepts, some mails come back or are unwanted, and it reports.

Its reports have the form of SES's, and come late, twice, or before our note that a mail was sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.adapters.ses import TAG, tagged
from chalicelib.ports import Accepted, Email, FailureClass, MailOutcome, OutcomeUnknown, Refused
from tests.mail_rules import refuse_unwritable
from tests.simulation.engine.faults import Faults


@dataclass
class Mailed:
    """A mail that the provider accepted."""

    sid: str
    email: Email
    at: datetime
    outcome: MailOutcome | None = None  #: what becomes of it, unless it arrives

    @property
    def message_id(self) -> str:
        return self.email.message_id

    @property
    def to(self) -> str:
        return self.email.to

    @property
    def text(self) -> str:
        return self.email.text


#: The outcome of each fault, and how SES reports it.
COMES_BACK: Mapping[str, tuple[MailOutcome, dict[str, Any]]] = {
    "mail: there is no such address": (
        MailOutcome.BOUNCED,
        {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
    ),
    "mail: the mailbox is full": (
        MailOutcome.DELAYED,
        {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}},
    ),
    "mail: our own service rejects it": (MailOutcome.REFUSED, {"eventType": "Reject"}),
    "mail: its reader wants none": (
        MailOutcome.UNWANTED,
        {"eventType": "Complaint", "complaint": {}},
    ),
}


class Mails:
    """Implements ports.EmailSender."""

    def __init__(
        self,
        faults: Faults,
        *,
        judge: Callable[[Mailed], None],
        publish: Callable[[Mailed, str], None],
        read: Callable[[Mailed], None],
    ) -> None:
        self._faults = faults
        self._judge = judge
        self._publish = publish
        self._read = read  #: the reader looks at the mail
        self.sent: list[Mailed] = []

    def send(self, email: Email) -> Accepted:
        faults = self._faults
        faults.boundary("provider: mail, before")
        if faults.happens("mail: refused for now"):
            raise Refused(FailureClass.RETRY)
        if faults.happens("mail: refused for good"):
            raise Refused(FailureClass.PERMANENT)
        refuse_unwritable(email)
        sid = f"mail-{len(self.sent) + 1}"
        mail = Mailed(sid, email, faults.stage.now)
        self.sent.append(mail)
        self._judge(mail)
        self._may_come_back(mail)
        if mail.outcome is None:
            self._read(mail)
        if faults.happens("mail: answer lost"):
            raise OutcomeUnknown("simulated")
        faults.boundary("provider: mail, after")
        return Accepted(sid, "accepted")

    def _may_come_back(self, mail: Mailed) -> None:
        faults = self._faults
        for kind, (outcome, told) in COMES_BACK.items():
            if mail.outcome is None and faults.happens(kind):
                mail.outcome = outcome
                if not mail.message_id:
                    return  # it names no row, so no report about it reaches anybody
                tags = {TAG: [tagged(mail.message_id)]}
                self._told(
                    mail, json.dumps({**told, "mail": {"messageId": mail.sid, "tags": tags}})
                )

    def _told(self, mail: Mailed, event: str) -> None:
        faults = self._faults
        late = faults.happens("mail: told hours late")
        for _ in range(2 if faults.happens("mail: told twice") else 1):
            seconds = faults.chance.uniform(0.05, 30000 if late else 20)
            faults.stage.after(partial(self._publish, mail, event), seconds=seconds)
