"""What an inbound text means. The words are data: `replies.toml` of each language in locales/."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from chalicelib.domain.record import Value
from chalicelib.languages import in_language, languages


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
    THANKS = "thanks"  #: needs no answer and nobody to read it (R63)
    ECHO = "echo"  #: our own words that came back: means nothing (R61)
    OTHER = "other"  #: a person reads it (R43)


class Reading(Value):
    """A text as it was understood."""

    meaning: Meaning
    urgent: bool = False  #: raises the alarm whatever else it means (R44)
    number: int | None = None  #: 1 to 9, of a choice


Lists = Mapping[str, tuple[str, ...]]


class ReplyWords(Value):
    """The tables of a `replies.toml`, or of all of them together."""

    spelled: Mapping[str, str] = {}
    words: Mapping[str, tuple[str, ...]] = {}
    numbers: Mapping[str, tuple[str, ...]] = {}
    phrases: Mapping[str, tuple[str, ...]] = {}
    ignored: Mapping[str, tuple[str, ...]] = {}
    signs: Mapping[str, tuple[str, ...]] = {}
    echo: Mapping[str, tuple[str, ...]] = {}


_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018`\u00b4", "'"))
_SENTENCE_ENDS = re.compile(r"[.!?,;:\u2026\n]+|\s[-\u2013\u2014]\s")
_WHOLE: Mapping[str, Meaning] = {
    name: Meaning(name)
    for name in (
        *("stop", "start", "help", "thanks", "confirm", "reschedule"),
        *("driver_yes", "driver_no"),
    )
}


def understand(body: str, *, opt_out_type: str | None = None, opted_out: bool = False) -> Reading:
    """What the text means. Case, accents, punctuation and emoji beside a word do not matter.

    The provider's `OptOutType` outranks the words (R7). An urgent text is urgent whatever else
    it says; beside that it is only ever a STOP, a START or a HELP.
    """
    words = plain(body)
    urgent = _is_urgent(body, words)
    meaning, number = _meaning(body, words, urgent=urgent, opted_out=opted_out)
    if opt_out_type is not None and opt_out_type.upper() in ("STOP", "START", "HELP"):
        meaning, number = Meaning(opt_out_type.lower()), None
    elif urgent and meaning is not Meaning.STOP:
        meaning, number = Meaning.URGENT, None
    return Reading(meaning=meaning, urgent=urgent, number=number)


@cache
def reply_words() -> ReplyWords:
    """The tables of every language together, English first: a patient may mix them."""
    every = [reply_words_in(language) for language in languages()]
    lists = {
        name: _together(getattr(each, name) for each in every)
        for name in ReplyWords.model_fields
        if name != "spelled"
    }
    spelled = dict(pair for each in every for pair in each.spelled.items())
    return ReplyWords(spelled=spelled, **lists)


def reply_words_in(language: str) -> ReplyWords:
    """The tables of one language as they stand."""
    return in_language(ReplyWords, "replies.toml", language)


def _together(tables: Iterable[Lists]) -> Lists:
    together: dict[str, dict[str, None]] = {}
    for lists in tables:
        for name, words in lists.items():
            together.setdefault(name, {}).update(dict.fromkeys(words))
    return {name: tuple(words) for name, words in together.items()}


def _meaning(body: str, words: str, *, urgent: bool, opted_out: bool) -> tuple[Meaning, int | None]:
    whole, polite = _whole_texts(opted_out), _without_politeness(words)
    if words in whole:
        return whole[words]
    if polite in whole and polite not in reply_words().words["stop_alone"]:
        return whole[polite]
    if not words and _is_sign(body):
        return Meaning.CONFIRM, None
    stop = _stop_meaning(body, words, urgent=urgent)
    if stop is not None:
        return stop, None
    if _mentions("reschedule", words):
        return Meaning.RESCHEDULE, None
    return Meaning.OTHER, None


def _stop_meaning(body: str, words: str, *, urgent: bool) -> Meaning | None:
    """STOP, or what may mean it, when a whole sentence says so and none says the contrary (R6).

    Inside a longer sentence a stop word may mean anything: "why did you stop my reminders?".
    """
    if _mentions("keep", words):
        return None
    sentences = [plain(part) for part in _SENTENCE_ENDS.split(body)]
    if any(_is_wish("stop", sentence) for sentence in sentences):
        return Meaning.STOP
    first = (body.split() or [""])[0]
    if first.isupper() and plain(first) in reply_words().words["stop_first"]:
        return Meaning.STOP
    # "stop, I cannot breathe" is no wish about texts.
    if not urgent and any(_is_stop_word(sentence) for sentence in sentences):
        return Meaning.STOP
    if not urgent and any(_is_wish("doubtful_stop", sentence) for sentence in sentences):
        return Meaning.DOUBTFUL_STOP
    return None


def _is_wish(table: str, sentence: str) -> bool:
    """Whether the sentence is a phrase of the table, and nothing beside it changes the sense."""
    return any(
        _says_no_more(sentence[: found.start()] + sentence[found.end() :])
        for found in _pattern(table).finditer(sentence)
    )


def _is_stop_word(sentence: str) -> bool:
    spoken = [word for word in sentence.split() if word not in _around_stop()]
    stops = reply_words().words["stop_first"]
    return any(word in stops for word in sentence.split()) and all(w in stops for w in spoken)


def _says_no_more(words: str) -> bool:
    return all(word in _around_stop() for word in words.split())


@cache
def _around_stop() -> frozenset[str]:
    return frozenset(reply_words().ignored["around_stop"])


def _is_urgent(body: str, words: str) -> bool:
    if _without_politeness(words) in reply_words().words["urgent"]:
        return True
    # What is denied or an idiom goes sentence by sentence: "no, chest pain" denies nothing.
    heard = " ".join(
        _pattern("not_urgent").sub(" ", plain(part)) for part in _SENTENCE_ENDS.split(body)
    )
    return _mentions("urgent", " ".join(heard.split()))


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


def plain(body: str) -> str:
    """Lower-case words with one space between, without accents, signs or invisible characters."""
    spelled = body.casefold().translate(_APOSTROPHES)
    for written, meant in reply_words().spelled.items():
        spelled = spelled.replace(written, f" {meant} ") if written in spelled else spelled
    apart = unicodedata.normalize("NFKD", spelled)
    kept = "".join(c for c in apart if not unicodedata.combining(c) and c != "'")
    visible = "".join(c for c in kept if unicodedata.category(c) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", visible))


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
    parts = [
        r"(?:\w+ ){0,3}?" if part == "..." else f"(?:{'|'.join(map(_word, part.split('|')))}) "
        for part in phrase.split()
    ]
    return "".join(parts).removesuffix(" ")


def _word(word: str) -> str:
    return re.escape(word).replace(r"\*", r"\w*")
