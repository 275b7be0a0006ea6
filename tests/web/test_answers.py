"""What every answer is made of, apart from any view."""

import pytest

from chalicelib.web import answers

CONTROL = [chr(code) for code in (*range(32), 127, *range(128, 160), 0x2028, 0x2029)]


@pytest.mark.parametrize("letter", CONTROL, ids=[f"U+{ord(each):04X}" for each in CONTROL])
def test_a_redirect_takes_no_control_character(letter: str) -> None:
    """F85: none that any program reads as the end of a line, or drops."""
    with pytest.raises(ValueError, match="control"):
        answers.see_other(f"/s/x{letter}Set-Cookie: a=b")
