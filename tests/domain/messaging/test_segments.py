"""How long a text is for a phone network (R27, R29)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.messaging.segments import (
    Encoding,
    count,
    outside_gsm7,
    pieces,
    transliterate,
)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        pytest.param("", "GSM-7", 0, 0, id="empty"),
        pytest.param("a", "GSM-7", 1, 1, id="one"),
        pytest.param("a" * 159, "GSM-7", 159, 1, id="159"),
        pytest.param("a" * 160, "GSM-7", 160, 1, id="160"),
        pytest.param("a" * 161, "GSM-7", 161, 2, id="161"),
        pytest.param("a" * 306, "GSM-7", 306, 2, id="306 = 2 x 153"),
        pytest.param("a" * 307, "GSM-7", 307, 3, id="307"),
        pytest.param("a" * 459, "GSM-7", 459, 3, id="459 = 3 x 153"),
        pytest.param("a" * 460, "GSM-7", 460, 4, id="460"),
        pytest.param("\u4e2d" * 69, "UCS-2", 69, 1, id="69 wide"),
        pytest.param("\u4e2d" * 70, "UCS-2", 70, 1, id="70 wide"),
        pytest.param("\u4e2d" * 71, "UCS-2", 71, 2, id="71 wide"),
        pytest.param("\u4e2d" * 134, "UCS-2", 134, 2, id="134 = 2 x 67"),
        pytest.param("\u4e2d" * 135, "UCS-2", 135, 3, id="135"),
        pytest.param("a" * 158 + "\u20ac", "GSM-7", 160, 1, id="a euro counts two"),
        pytest.param("a" * 159 + "\u20ac", "GSM-7", 161, 2, id="a euro too many"),
        pytest.param("^{}\\[~]|\u20ac", "GSM-7", 18, 1, id="all that count two"),
        pytest.param("a" * 152 + "\u20ac" + "a" * 152, "GSM-7", 306, 3, id="never cut in two"),
        pytest.param("a" * 69 + "\U0001f642", "UCS-2", 71, 2, id="an emoji counts two"),
        pytest.param("\u00e9\u00f1\u00fc\u00c9", "GSM-7", 4, 1, id="accents that GSM-7 has"),
        pytest.param("\u00e1", "UCS-2", 1, 1, id="an accent that it has not"),
        pytest.param("\u2019", "UCS-2", 1, 1, id="a curly quote"),
    ],
)
def test_segments_are_counted_as_the_network_does(
    text: str, encoding: Encoding, units: int, segments: int
) -> None:
    size = count(text)
    assert (size.encoding, size.units, size.count) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Jos\u00e9 N\u00fa\u00f1ez", "Jos\u00e9 Nu\u00f1ez"),
        ("Zo\u00eb \u0141ukasz \u0110or\u0111e", "Zoe Lukasz Dorde"),
        ("O\u2019Brien \u201cBo\u201d", 'O\'Brien "Bo"'),
        ("\uff21\uff22 \u2014 \u2026", "AB - ..."),
        ("A\u0301ngel", "Angel"),
        ("Ana \U0001f642\U0001f3fd", "Ana "),
        ("\u738b\u5c0f\u660e", ""),
        ("\u0130\u0131\u0153", "Iioe"),
        ("\u20ac{}", "\u20ac{}"),
    ],
)
def test_names_are_spelled_in_gsm7_or_left_out(text: str, spelled: str) -> None:
    assert transliterate(text) == spelled


@given(st.text())
def test_nothing_outside_gsm7_is_left(text: str) -> None:
    once = transliterate(text)
    assert outside_gsm7(once) == ()
    assert transliterate(once) == once
    assert count(once).encoding == "GSM-7"


@given(st.text(alphabet="abc\u20ac{", max_size=700))
def test_segments_hold_what_they_are_said_to(text: str) -> None:
    size = count(text)
    assert (size.count == 1) == (0 < size.units <= 160)
    assert size.units <= max(160, size.count * 153)


@given(st.text(alphabet="abc\u20ac{\u4e2d\U0001f642", max_size=700))
def test_the_pieces_are_the_text_and_each_fits_its_segment(text: str) -> None:
    size, cut = count(text), pieces(text)
    assert "".join(cut) == text
    assert len(cut) == size.count
    most = {"GSM-7": 153, "UCS-2": 67}[size.encoding]
    if len(cut) > 1:
        # A piece alone may be of the other encoding, so each is measured as part of the whole.
        wide = [sum(2 if ord(c) > 0xFFFF else 1 for c in piece) for piece in cut]
        packed = [sum(2 if c in "\u20ac{" else 1 for c in piece) for piece in cut]
        units = wide if size.encoding == "UCS-2" else packed
        assert max(units) <= most
        assert all(unit >= most - 1 for unit in units[:-1])


def test_a_character_of_two_units_is_not_cut_between_two_pieces() -> None:
    assert pieces("a" * 152 + "\u20ac" + "a" * 152) == ("a" * 152, "\u20ac" + "a" * 151, "a")
