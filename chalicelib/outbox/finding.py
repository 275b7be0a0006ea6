"""Which of the texts that the provider has is this row's: by its number, its words and its time."""

from datetime import datetime, timedelta

from chalicelib.domain.work import ProviderId
from chalicelib.outbox.office import Office
from chalicelib.ports import OutcomeUnknown, ProviderText

CLOCKS_DIFFER = timedelta(minutes=2)  # ours, another container's and the provider's, at most (F22)


def sent_since(office: Office, to: str, *, body: str, since: datetime) -> ProviderText | None:
    """The oldest text with these words made since then that no other row holds.

    OutcomeUnknown when there is one that nobody holds and whose words the provider hides (F81).
    """
    fresh = [text for text in office.texts.sent_to(to) if text.created_at >= since - CLOCKS_DIFFER]
    hidden = False
    for text in sorted(fresh, key=lambda text: text.created_at):
        if text.body != body and not _is_hidden(text):
            continue
        if office.store.get(ProviderId.ref(text.sid)) is not None:
            continue
        if text.body == body:
            return text
        hidden = True
    if hidden:
        raise OutcomeUnknown("the provider hides what it sent")
    return None


def _is_hidden(text: ProviderText) -> bool:
    return not text.body.strip() or "redacted" in text.body.casefold()
