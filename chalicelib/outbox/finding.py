"""Which of the texts that the provider has is this row's: by its number, its words and its time."""

from collections.abc import Collection
from datetime import datetime

from chalicelib.domain.work import ProviderId
from chalicelib.outbox.office import CLOCKS_DIFFER, Office
from chalicelib.ports import OutcomeUnknown, ProviderText


def sent_since(office: Office, to: str, *, body: str, since: datetime) -> ProviderText | None:
    """The oldest text with these words made since then that no other row holds.

    OutcomeUnknown when there is one that nobody holds and whose words the provider hides (F81).
    """
    unheld = _unheld_since(office, to, since)
    found = next((text for text in unheld if text.body == body), None)
    if found is None and any(map(_is_hidden, unheld)):
        raise OutcomeUnknown("the provider hides what it sent")
    return found


def sent_before(
    office: Office, to: str, *, bodies: Collection[str], since: datetime
) -> ProviderText | None:
    """As `sent_since`, for a row that does not know in which words it may have left (F71).

    What it says now may differ from what it said then, so OutcomeUnknown as well while there is
    any text that nobody holds: it may be this one.
    """
    unheld = _unheld_since(office, to, since)
    found = next((text for text in unheld if text.body in bodies), None)
    if found is None and unheld:
        raise OutcomeUnknown("a text to this number is on no row")
    return found


def _unheld_since(office: Office, to: str, since: datetime) -> list[ProviderText]:
    """The texts to a number made since then that no row holds, oldest first."""
    fresh = [text for text in office.texts.sent_to(to) if text.created_at >= since - CLOCKS_DIFFER]
    held = office.store.get_many(*(ProviderId.ref(text.sid) for text in fresh)) if fresh else ()
    unheld = [text for text, row in zip(fresh, held, strict=True) if row is None]
    return sorted(unheld, key=lambda text: text.created_at)


def _is_hidden(text: ProviderText) -> bool:
    return not text.body.strip() or "redacted" in text.body.casefold()
