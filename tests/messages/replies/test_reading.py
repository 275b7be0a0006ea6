"""What an inbound text means (R5-R8, R41-R46)."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.messages.replies.reading import Meaning, Reading, reply_words, understand
from lint import messages
from lint.wording_rules import RESERVED

STOPS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "opt out"]


@pytest.mark.parametrize("word", STOPS)
@pytest.mark.parametrize(
    "spelled", ["{}", " {} ", "{}.", "{}!!!", "{}\n", '"{}"', "({})", "{} \U0001f622"]
)
def test_every_opt_out_word_stops_however_it_is_written(word: str, spelled: str) -> None:
    """R5."""
    for text in (spelled.format(word), spelled.format(word.lower()), spelled.format(word.title())):
        assert understand(text) == Reading(meaning=Meaning.STOP), text


@pytest.mark.parametrize(
    "text",
    [
        "no chest pain",
        "not suicidal",
        "not an emergency",
        "my feet are killing me",
        "this traffic is killing me, running 10 late",
        "id kill for a taco",
        "should I take all my pills in the morning?",
        "I had a seizure in 2019",
        "passed out on the couch, great sleep",
        "she did not hit her head",
        "I woke up at six",
        "that\u2019s odd",
        "I\u2019m at 911 Main Street",
        "the nurse took too long",
        "stroke of luck",
        "my ex used to hit me",
        "I could not wake up early enough for the gym",
    ],
)
def test_what_is_denied_long_past_or_an_idiom_alarms_nobody(text: str) -> None:
    """R62."""
    assert not understand(text).urgent


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *[
            (text, Meaning.STOP)
            for text in (
                "please stop texting me",
                "Take me off your list!",
                "No m\u00e1s",
                "no m\u00e1s mensajes, por favor",
                "Stop all texts now",
                "STOP. I moved away",
                "STOP i moved away",
                "I do not live here, wrong number",
                "Dejen de enviarme mensajes",
                "Don\u2019t text me again",
                "opt-out",
                "please do not send me texts",
                "don\u2019t send me any more messages",
                "dont message me",
                "cancel texts",
                "Cancel these texts please, I moved",
                "no quiero m\u00e1s mensajes",
                "cancelen los mensajes por favor",
                "stop please",
                "who is this? stop",
                "you have the wrong number",
                "ya no me manden mensajes",
                "do not contact this number",
                "can you stop texting me?",
                "stop sending me reminders",
                "this is the wrong person. quit messaging",
                "\u200bSTOP\u200b",
                "\uff33\uff34\uff2f\uff30",
            )
        ],
        *[
            (text, Meaning.DOUBTFUL_STOP)
            for text in (
                "leave me alone",
                "this is spam",
                "too many texts!",
                "delete my number",
                "borren mi n\u00famero",
            )
        ],
        *[
            (text, Meaning.OTHER)
            for text in (
                "make it stop",
                "When should I stop eating?",
                "why did you stop sending me reminders?",
                "remove me from Tuesday, I can do Wednesday",
                "my driver called the wrong number",
                "no dejen de avisarme",
                "please don\u2019t stop texting me",
                "dont stop sending these they keep me on track",
                "no me dejen de mandar los recordatorios por favor",
                "unsubscribe me from the email newsletter only, texts are fine",
                "I do NOT want to opt out, just asking about my bill",
                "I can\u2019t stop crying",
                "take me off at the next bus stop",
                "do the reminders stop by themselves once im done",
                "can I be removed from the waitlist for fridays",
                "my daughter says leave me alone",
                "Liked \u201cReply STOP to opt out.\u201d",
                "cancel please",
                "should I stop taking my pills",
                "I stopped by and nobody was there",
                "the bus stop is far",
                "please do not send me the bill yet",
                "please don\u2019t delete my number, I only changed phones",
                "no borre mi n\u00famero",
                "can you cancel the order",
                "I can barely hear you on the phone",
                "I can even breathe through my nose again",
                "I took my pills this morning",
                "I took all my papers with me",
                "do you have blackout curtains",
                "my self esteem is better",
                "is there parking in the chestnut lot",
                "tom\u00e9 todas las medidas",
                "me quiero matricular en el curso",
                "apenas puedo leer su mensaje",
                "help me",
                "C but can we make it later?",
                "hello",
                "",
                "   ",
                "\U0001f44e",
                "12",
                "0",
                "see you at 9",
            )
        ],
        *[
            (text, Meaning.THANKS)
            for text in ("thanks", "Thank you!", "muchas gracias", "thx \U0001f64f")
        ],
        *[(text, Meaning.START) for text in ("START", "start.", "Unstop")],
        *[(text, Meaning.HELP) for text in ("HELP", "info", "Help!", "ayuda")],
        *[
            (text, Meaning.CONFIRM)
            for text in ("C", "c.", "confirm", "Confirm!", "ok", "OK thanks", "Ok \U0001f44d")
        ],
        *[
            (text, Meaning.CONFIRM)
            for text in ("\U0001f44d", "\U0001f44d\U0001f3fd", "\u2714\ufe0f", "C \U0001f600")
        ],
        *[(text, Meaning.CONFIRM) for text in ("yes", "S\u00ed", "'C'", "(c)")],
        *[
            (text, Meaning.RESCHEDULE)
            for text in ("R", "r!", "Reschedule", "I need to reschedule", "cancel my appointment")
        ],
        *[(text, Meaning.RESCHEDULE) for text in ("I can\u2019t make it", "No puedo ir")],
        *[(text, Meaning.DRIVER_YES) for text in ("D", "d.", "I have a ride", "I have a driver")],
        *[(text, Meaning.DRIVER_NO) for text in ("N", "no", "No.", "no ride")],
    ],
)
def test_a_text_means_what_its_writer_meant(text: str, meaning: Meaning) -> None:
    assert understand(text).meaning is meaning
    assert not understand(text).urgent


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("2.", 2), ("#3", 3), ("option 2 please", 2), ("two", 2), ("Dos", 2), ("9", 9)],
)
def test_a_number_is_a_choice(text: str, number: int) -> None:
    """R42."""
    assert understand(text) == Reading(meaning=Meaning.CHOICE, number=number)


@pytest.mark.parametrize(
    "text",
    [
        "chest pain",
        "I have Chest-Pain",
        "my chest really hurts",
        "I can\u2019t breathe",
        "cant breath",
        "I CAN'T BREATHE!!!",
        "thinking about suicide",
        "suicidal",
        "I want to kill myself",
        "overdose",
        "he overdosed",
        "I can\u2019t even breathe",
        "I can hardly breathe",
        "I want to kill my self",
        "pain in chest",
        "I took all my pills",
        "he blacked out",
        "me quiero matar",
        "no puedo ni respirar",
        "tom\u00e9 todas mis pastillas",
        "se desmay\u00f3",
        "perdi\u00f3 el conocimiento",
        "she passed out",
        "I fainted",
        "Me duele el pecho",
        "no puedo respirar",
        "quiero morirme",
        "Sobredosis",
        "confirm but I have chest pain",
        "please stop the chest pain",
        "the bleeding won\u2019t stop",
        "I can\u2019t stop throwing up",
        "no para de sangrar",
        "stop, I can\u2019t breathe",
        "911",
        "this is an emergency",
        "EMERGENCY!!",
        "can\u2019t wake him",
        "I cannot wake my daughter",
        "he stopped breathing",
        "her lips are blue",
        "my tongue is swelling",
        "I OD\u2019d",
        "he od'd",
        "going to take all my pills",
        "I\u2019m gonna take all these pills tonight",
        "I don\u2019t want to be here anymore",
        "I do not want to be here anymore",
        "throwing up blood",
        "vomiting blood",
        "I\u2019m going to kill him",
        "I want to hurt people",
        "I am going to hurt my kids",
        "my husband beat me up",
        "no despierta",
        "no puede respirar",
        "emergencia",
        "es una emergencia",
        "no, chest pain",
        "no chest pain but I can\u2019t breathe",
        "URGENT",
    ],
)
def test_urgent_words_are_urgent_whatever_is_around_them(text: str) -> None:
    """R44."""
    assert understand(text) == Reading(meaning=Meaning.URGENT, urgent=True)


@pytest.mark.parametrize(
    ("text", "opt_out_type", "meaning"),
    [
        ("STOP. I have chest pain", None, Meaning.STOP),
        ("STOP chest pain", None, Meaning.STOP),
        ("chest pain", "STOP", Meaning.STOP),
        ("please stop texting me, I want to die", None, Meaning.STOP),
    ],
)
def test_a_text_that_is_urgent_and_a_stop_is_both(
    text: str, opt_out_type: str | None, meaning: Meaning
) -> None:
    assert understand(text, opt_out_type=opt_out_type) == Reading(meaning=meaning, urgent=True)


@pytest.mark.parametrize(
    ("opt_out_type", "meaning"),
    [
        ("STOP", Meaning.STOP),
        ("START", Meaning.START),
        ("HELP", Meaning.HELP),
        ("", Meaning.CONFIRM),
    ],
)
def test_the_provider_s_word_outranks_the_text(opt_out_type: str, meaning: Meaning) -> None:
    """R7."""
    assert understand("C", opt_out_type=opt_out_type).meaning is meaning


def test_yes_starts_again_only_from_an_opted_out_number() -> None:
    """R7."""
    assert understand("YES", opted_out=True).meaning is Meaning.START
    assert understand("YES").meaning is Meaning.CONFIRM


def test_no_reply_word_of_ours_is_reserved_and_none_means_two_things() -> None:
    """R41."""
    assert list(messages.reply_word_faults(reply_words())) == []
    ours = ("confirm", "reschedule", "driver_yes", "driver_no")
    assert not RESERVED & {w for name in ours for w in reply_words().words[name]}


def test_a_reserved_word_among_ours_is_refused() -> None:
    tables = reply_words()
    bad = tables.model_copy(update={"words": {**tables.words, "driver_no": ("end", "c")}})
    faults = list(messages.reply_word_faults(bad))
    assert any("'end' is reserved" in fault for fault in faults)
    assert any("'c' stands in confirm too" in fault for fault in faults)


def test_every_word_and_phrase_of_the_tables_is_understood_as_it_stands() -> None:
    tables = reply_words()
    for name in ("stop", "start", "help", "confirm", "reschedule", "driver_yes", "driver_no"):
        for word in tables.words[name]:
            assert understand(word).meaning is Meaning(name), word
    for phrase in tables.phrases["urgent"]:
        for said in spoken(phrase):
            assert understand(said).urgent, said
    for phrase in tables.phrases["stop"]:
        for said in spoken(phrase):
            assert understand(f"please {said}").meaning is Meaning.STOP, said


def spoken(phrase: str) -> list[str]:
    """What a phrase of the tables stands for, in each of its spellings."""
    parts = [part.split("|") for part in phrase.replace("... ", "").replace("*", "").split()]
    return [" ".join(words) for words in product(*parts)]


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=1600), st.booleans())
def test_any_text_is_understood_as_something(body: str, opted_out: bool) -> None:
    """F57."""
    reading = understand(body, opted_out=opted_out)
    assert (reading.number is not None) == (reading.meaning is Meaning.CHOICE)
    assert reading.urgent or reading.meaning is not Meaning.URGENT
