"""What is not written in a mail, for the fakes: Python's own rule, which the adapter goes by."""

from chalicelib.ports import Email


def refuse_unwritable(email: Email) -> None:
    """ValueError for what would add a header, as EmailMessage has it (F46)."""
    if any(len(value.splitlines()) > 1 for value in (email.to, email.subject)):
        raise ValueError("Header values may not contain linefeed or carriage return characters")
