"""How long a text is for a phone network: GSM-7 or UCS-2, and in how many segments.

Also how a name with letters outside GSM-7 is spelled so that it cannot change the encoding.
"""

import unicodedata
from itertools import pairwise
from typing import Literal

from chalicelib.domain.record import Value

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")  # an escape and a letter: two units
_SINGLE = {"GSM-7": 160, "UCS-2": 70}  # units in a text of one segment
_JOINED = {"GSM-7": 153, "UCS-2": 67}  # units next to the header that joins several segments

# What Unicode does not decompose by itself; typographic signs become their plain equivalents.
_LOOK_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7", "-")
    | {"œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H"}
    | {"\u0131": "i", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "\t": " "}
)


class Segments(Value):
    """The size of a text as the network charges and joins it."""

    encoding: Encoding
    units: int  #: septets of GSM-7, or 16-bit units of UCS-2
    count: int  #: segments; 0 for an empty text

    def fits(self, segments: int) -> bool:
        """Whether it is GSM-7 and no longer than that many segments (R27)."""
        return self.encoding == "GSM-7" and self.count <= segments


def count(text: str) -> Segments:
    """Measure a text. A character of two units is never split between two segments."""
    encoding = _encoding(text)
    units = sum(_units(character, encoding) for character in text)
    return Segments(encoding=encoding, units=units, count=len(pieces(text)))


def pieces(text: str) -> tuple[str, ...]:
    """The text as it is transmitted: one piece per segment. Joined, the pieces are the text."""
    encoding = _encoding(text)
    sizes = [_units(character, encoding) for character in text]
    if sum(sizes) <= _SINGLE[encoding]:
        return (text,) if text else ()
    cuts, room = [0], _JOINED[encoding]
    for place, size in enumerate(sizes):
        if size > room:
            cuts.append(place)
            room = _JOINED[encoding]
        room -= size
    return tuple(text[start:end] for start, end in pairwise([*cuts, len(text)]))


def outside_gsm7(text: str) -> tuple[str, ...]:
    """The characters that would turn the whole text into UCS-2, each once, in order."""
    return tuple(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENSION))


def unspellable(text: str) -> tuple[str, ...]:
    """The characters that lose more than an accent in `transliterate`, each once, in order."""
    return tuple(c for c in outside_gsm7(text) if not (c.isalpha() and _spelled(c)))


def transliterate(text: str) -> str:
    """The text in GSM-7: accents and typographic signs are mapped, other characters dropped."""
    return "".join(_spelled(character) for character in unicodedata.normalize("NFC", text))


def _spelled(character: str) -> str:
    if character in _BASIC or character in _EXTENSION:
        return character
    apart = unicodedata.normalize("NFKD", character.translate(_LOOK_ALIKE))
    return "".join(c for c in apart if c in _BASIC or c in _EXTENSION)


def _encoding(text: str) -> Encoding:
    return "UCS-2" if outside_gsm7(text) else "GSM-7"


def _units(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1
