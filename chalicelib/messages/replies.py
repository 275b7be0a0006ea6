"""What an inbound text means. The words are data in replies.toml; here is how they are compared."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from chalicelib import tables
from chalicelib.domain.record import Value


class Meaning(StrEnum):
    """What a text asks of us."""

    STOP = "stop"
    DOUBTFUL_STOP = "doubtful_stop"  #: may mean stop: texts pause and a person looks (R6)
    START = "start"
    HELP = "help"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    DRIVER_YES = "driver_yes"
    DRIVER_NO = "driver_no"
    CHOICE = "choice"  #: one of the numbers that we offered
    URGENT = "urgent"  #: nothing but urgent
    OTHER = "other"  #: a person reads it (R43)


class Reading(Value):
    """A text as it was understood."""

    meaning: Meaning
    urgent: bool = False  #: raises the alarm whatever else it means (R44)
    number: int | None = None  #: 1 to 9, of a choice


class ReplyWords(Value):
    """The tables of replies.toml."""

    words: dict[str, tuple[str, ...]]
    numbers: dict[str, tuple[str, ...]]
    phrases: dict[str, tuple[str, ...]]
    ignored: dict[str, tuple[str, ...]]
    signs: dict[str, tuple[str, ...]]


_WHOLE: Mapping[str, Meaning] = {
    name: Meaning(name)
    for name in ("stop", "start", "help", "confirm", "reschedule", "driver_yes", "driver_no")
}


def understand(body: str, *, opt_out_type: str | None = None, opted_out: bool = False) -> Reading:
    """What the text means. Case, accents, punctuation and emoji beside a word do not matter.

    The provider's `OptOutType` outranks the words (R7). An urgent text is urgent whatever else
    it says; beside that it is only ever a STOP, a START or a HELP.
    """
    words = _plain(body)
    urgent = _mentions("urgent", words)
    meaning, number = _meaning(body, words, opted_out=opted_out)
    if opt_out_type is not None and opt_out_type.upper() in ("STOP", "START", "HELP"):
        meaning, number = Meaning(opt_out_type.lower()), None
    elif urgent and meaning is not Meaning.STOP:
        meaning, number = Meaning.URGENT, None
    return Reading(meaning=meaning, urgent=urgent, number=number)


@cache
def reply_words() -> ReplyWords:
    """The tables as they stand in replies.toml. Read on first use."""
    return ReplyWords.model_validate(tables.read("chalicelib.messages", "replies.toml"))


def _meaning(body: str, words: str, *, opted_out: bool) -> tuple[Meaning, int | None]:
    whole = _whole_texts(opted_out)
    for text in (words, _without_politeness(words)):
        if text in whole:
            return whole[text]
    if not words and _is_sign(body):
        return Meaning.CONFIRM, None
    if _mentions("stop", words) or _begins_with_stop(body):
        return Meaning.STOP, None
    if _mentions("doubtful_stop", _pattern("not_stop").sub(" ", words)):
        return Meaning.DOUBTFUL_STOP, None
    if _mentions("reschedule", words):
        return Meaning.RESCHEDULE, None
    return Meaning.OTHER, None


@cache
def _whole_texts(opted_out: bool) -> Mapping[str, tuple[Meaning, int | None]]:
    tables = reply_words()
    whole: dict[str, tuple[Meaning, int | None]] = {}
    extra = "start_if_opted_out" if opted_out else "confirm_unless_opted_out"
    extra_meaning = Meaning.START if opted_out else Meaning.CONFIRM
    whole |= dict.fromkeys(tables.words[extra], (extra_meaning, None))
    for name, meaning in _WHOLE.items():
        whole |= dict.fromkeys(tables.words[name], (meaning, None))
    for number, words in tables.numbers.items():
        whole |= dict.fromkeys(words, (Meaning.CHOICE, int(number)))
    return whole


def _plain(body: str) -> str:
    """Lower-case words with one space between, without accents, signs or invisible characters."""
    apart = unicodedata.normalize("NFKD", body.casefold())
    kept = "".join(c for c in apart if not unicodedata.combining(c) and c not in "'\u2019\u2018`")
    visible = "".join(c for c in kept if unicodedata.category(c) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", visible))


def _begins_with_stop(body: str) -> bool:
    """Whether the first sentence, or a first word in capitals, is nothing but a STOP."""
    stops = reply_words().words["stop_first"]
    sentence = re.split(r"[.!?,;:\n]", body.strip(), maxsplit=1)[0]
    first = (body.split() or [""])[0]
    return _plain(sentence) in stops or (first.isupper() and _plain(first) in stops)


def _without_politeness(words: str) -> str:
    ignored = reply_words().ignored["words"]
    return " ".join(word for word in words.split() if word not in ignored)


def _is_sign(body: str) -> bool:
    """Whether there is nothing but agreeing signs, in whatever skin tone."""
    bare = [
        c for c in body if not c.isspace() and unicodedata.category(c) not in ("Sk", "Mn", "Cf")
    ]
    return bool(bare) and all(c in reply_words().signs["confirm"] for c in bare)


def _mentions(name: str, words: str) -> bool:
    return _pattern(name).search(words) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """All phrases of a table as one expression over plain words."""
    phrases = [_expression(phrase) for phrase in reply_words().phrases[name]]
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")


def _expression(phrase: str) -> str:
    parts = []
    for word in phrase.split():
        parts.append(
            r"(?:\w+ ){0,3}?" if word == "..." else re.escape(word).replace(r"\*", r"\w*") + " "
        )
    return "".join(parts).removesuffix(" ")
