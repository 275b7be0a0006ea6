"""What must not be in a mail: Python's own rule, which the adapter uses; and a stand-in for SES."""

from chalicelib.ports import Email


def refuse_unwritable(email: Email) -> None:
    """ValueError for what would add a header, as from EmailMessage (F46)."""
    if any(len(value.splitlines()) > 1 for value in (email.to, email.subject)):
        raise ValueError("Header values may not contain linefeed or carriage return characters")


class FakeSes:
    """Stands in for SES: keeps the mail it was given."""

    def __init__(self) -> None:
        self.data = b""

    def send_email(self, **asked: dict[str, dict[str, bytes]]) -> dict[str, str]:
        self.data = asked["Content"]["Raw"]["Data"]
        return {"MessageId": "ses-1"}
