"""The events of mails that came back, as SES publishes them.

Kept until they are delivered, also over a restart.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.aws.keeper import Keeper

_KEPT_AS = "mail events"
_KINDS = {"permanent": "Permanent", "transient": "Transient"}


class MailEvents:
    """Events by a name of their own, oldest first."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def waiting(self) -> dict[str, str]:
        return self._keeper.keyed(_KEPT_AS)

    def told(self, name: str) -> None:
        self._keeper.put(_KEPT_AS, {name: None})

    def add(
        self,
        about: Mapping[str, str],
        to: Sequence[str],
        tags: Sequence[Mapping[str, str]],
        fault: Mapping[str, Any],
    ) -> None:
        """The mail comes back: `about` has its id and when it was sent."""
        mail = {
            "timestamp": about["sent_at"],
            "messageId": about["id"],
            "destination": list(to),
            "tags": {tag["Name"]: [tag["Value"]] for tag in tags},
        }
        event = _complaint(about, to) if "complaint" in fault else _bounce(about, to, fault)
        self._keeper.put(_KEPT_AS, {about["id"]: json.dumps({**event, "mail": mail})})


def _bounce(
    about: Mapping[str, str], to: Sequence[str], fault: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": _KINDS[fault["bounce"]],
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": address} for address in to],
            "timestamp": about["sent_at"],
            "feedbackId": f"feedback-{about['id']}",
        },
    }


def _complaint(about: Mapping[str, str], to: Sequence[str]) -> dict[str, Any]:
    return {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": address} for address in to],
            "timestamp": about["sent_at"],
            "feedbackId": f"feedback-{about['id']}",
            "complaintFeedbackType": "abuse",
        },
    }
