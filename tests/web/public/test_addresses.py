"""An address that a form takes is one that a mail's head can hold and means the same there."""

from email import message_from_bytes, policy
from random import Random

import pytest

from chalicelib.adapters.ses import SesMail
from chalicelib.domain.errors import Invalid
from chalicelib.ports import Email
from chalicelib.web.public.request_fields import checked
from tests.mail_rules import FakeSes

SIGNS = "Aa09.!#$%&'*+/=?^_`{|}~-"


def address_of(typed: str) -> str | None:
    return checked(
        {"name": "Ana", "phone": "316-555-0142", "reason": "other", "email": typed}
    ).email


def read_back(address: str) -> list[str]:
    """The addresses that a mail program finds in the mail that was sent."""
    ses = FakeSes()
    email = Email(to=address, subject="Your visit", text="Hello", html="<p>Hello</p>")
    SesMail(client=ses, sender="clinic@example.com").send(email)
    head = message_from_bytes(ses.data, policy=policy.default)["To"]
    return [found.addr_spec for found in head.addresses]


@pytest.mark.parametrize(
    "typed",
    [
        ".ana@example.org",
        "ana.@example.org",
        "a..na@example.org",
        "=?utf-8?q?boss?=@example.org",
        "=?utf-8?q?a=0d=0aBcc=3Aboss?=@example.org",
        "a" * 65 + "@example.org",
        "ana@example..org",
        "ana@-example.org",
        "ana@example.org@example.com",
        "ana@[192.0.2.1]",
        '"ana"@example.org',
    ],
)
def test_what_no_mail_program_reads_alike_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        address_of(typed)
    assert list(refused.value.messages_by_field) == ["email"]


def test_every_address_that_is_taken_is_read_back_as_it_was_typed() -> None:
    random, taken = Random(7), 0
    for _ in range(2000):
        local = "".join(random.choice(SIGNS) for _ in range(random.randint(1, 30)))
        try:
            address = address_of(f"{local}@example.org")
        except Invalid:
            continue
        assert address is not None
        assert read_back(address) == [address]
        taken += 1
    assert taken > 500
