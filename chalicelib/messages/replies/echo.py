"""Our own words that come back in a text: a reaction, a quotation, a copy. Pure (R61)."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from chalicelib.messages.replies.reading import plain, reply_words

LONG = 60  # characters of an unmarked copy: nobody types that much of ours by chance
BEGINNING = 20  # characters of a quotation that breaks off
_WORD = re.compile(r"[^\W_]+(?:['\u2019\u2018`][^\W_]+)*")
_OPENING, _CLOSING = '\u201c\u201e\u00ab"', '\u201d\u201c\u00bb"'
#: The whole quotation, so from the first mark to the last one of its line or lines.
_MARKED = re.compile(rf"[{_OPENING}]\s*(?P<said>[^\u201c\u00ab]*)\s*[{_CLOSING}]", re.DOTALL)
_QUOTED_LINES = re.compile(r"(?:^[ \t]*>.*(?:\n|$))+", re.MULTILINE)


class _Word(NamedTuple):
    plain: str
    start: int
    end: int


def may_hold_ours(body: str) -> bool:
    """Whether it is worth asking what was sent to the number: a short plain text is nobody's."""
    return len(body) >= LONG or bool(_MARKED.search(body) or _QUOTED_LINES.search(body))


def without_ours(body: str, sent: Iterable[str], *, clinic: str) -> str:
    """What is left of a text once our own words are taken away; empty when nothing else is there.

    Only what stands in marks and is one of `sent`, or the beginning of one, or an unmarked copy of
    at least 60 characters with the clinic's name: whoever types a few of our words means them.
    """
    ours = [_words(text) for text in sent]
    left = body
    for pattern in (_QUOTED_LINES, _MARKED):
        left = pattern.sub(lambda found: "" if _is_one_of(found, ours) else found[0], left)
    for text in ours:
        left = _without_copy(left, text, plain(clinic).split())
    return "" if left != body and _is_frame(left) else left


def _is_one_of(found: re.Match[str], ours: list[list[_Word]]) -> bool:
    said = [word.plain for word in _words(found[0])]
    length = len(" ".join(said))
    for text in ours:
        theirs = [word.plain for word in text]
        if said and (said == theirs or (length >= BEGINNING and said == theirs[: len(said)])):
            return True
        # The last word may be cut in the middle.
        whole = said[:-1]
        follows = theirs[len(whole)] if len(whole) < len(theirs) else ""
        is_beginning = length >= BEGINNING and whole == theirs[: len(whole)]
        if is_beginning and follows.startswith(said[-1]):
            return True
    return False


def _without_copy(body: str, text: list[_Word], clinic: list[str]) -> str:
    words = _words(body)
    said, theirs = [word.plain for word in words], [word.plain for word in text]
    match = SequenceMatcher(None, said, theirs, autojunk=False).find_longest_match()
    if match.size == 0:
        return body
    start, end = words[match.a].start, words[match.a + match.size - 1].end
    copied = said[match.a : match.a + match.size]
    if end - start < LONG or not _holds(copied, clinic):
        return body
    return body[:start] + body[end:]


def _holds(words: list[str], run: list[str]) -> bool:
    return any(words[at : at + len(run)] == run for at in range(len(words) - len(run) + 1))


def _is_frame(rest: str) -> bool:
    """Whether nothing is left but how a phone says that somebody reacted, and the emoji of it."""
    if words := plain(rest):
        return words in reply_words().echo["frames"]
    # An emoji without a frame is somebody's own.
    return not any(unicodedata.category(sign) in ("So", "Sk") for sign in rest)


def _words(text: str) -> list[_Word]:
    return [_Word(plain(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]
