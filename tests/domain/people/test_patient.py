"""What a mail to staff may show of a name."""

import pytest

from chalicelib.domain.people.patient import Patient
from tests.world import NOON


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ana L\u00f6we", "A. L."),
        ("ana maria de la cruz", "A. C."),
        ("Cher", "C."),
        ("\u202eAna \u200bBo", "A. B."),
        ("'Ana' (Bo)", "A. B."),
        ("\U0001f600", "?"),
        ("\u5c71\u7530", "\u5c71."),
    ],
)
def test_initials_are_letters_that_can_be_seen(name: str, initials: str) -> None:
    patient = Patient(id="PAT-1", name=name, phone="+13165550142", created_at=NOON)
    assert patient.initials == initials
