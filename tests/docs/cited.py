"""Which rules a text cites by number."""

import re

#: `R14`, not `FOR14` and no part of a longer word.
_ONE = re.compile(r"(?<![\w-])R(\d{1,3})(?![\w-])")
#: `R21-R28` and `R5 to R10` name those between as well.
_SPAN = re.compile(r"(?<![\w-])R(\d{1,3})(?:-| to )R(\d{1,3})(?![\w-])")


def cited_in(text: str) -> set[int]:
    between = [range(int(first), int(last) + 1) for first, last in _SPAN.findall(text)]
    return {int(number) for number in _ONE.findall(text)} | {n for span in between for n in span}
