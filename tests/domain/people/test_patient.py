"""What a mail to staff may show of a name."""

import pytest

from tests.builders.records import a_patient


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
    patient = a_patient(name=name)
    assert patient.initials == initials
