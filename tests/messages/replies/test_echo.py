"""Our own words that come back are taken away, and only they (R61, F86, F111)."""

import pytest

from chalicelib.clinic.profile import load_profile
from chalicelib.messages.render import render_text
from chalicelib.messages.replies.echo import may_hold_ours, without_ours
from tests.messages.shipped import shipped

CLINIC = "Cottonwood Clinic"
REMINDER = (
    "Cottonwood Clinic: your visit is Tue Dec 8 at 9:00 AM. Reply C to confirm, R to reschedule."
    " Questions: 316-555-0100. Reply STOP to opt out."
)
AFTERCARE = (
    "Cottonwood Clinic: rest tonight. Trouble breathing, chest pain or fainting: call 911."
    " In a crisis call 988. Reply STOP to opt out."
)


FORMS = [
    "Liked “{}”",
    "Loved “{}”",
    "Laughed at “{}”",
    'Reacted ❤️ to "{}"',
    "👍 to “{}”",
    "​👍​ to “ {} ”",
    "Removed a like from “{}”",
    "Le gustó «{}»",
    "Se rió de “{}”",
    "Reaccionó con 👍 a “{}”",
    "“{}”",
    "> {}",
    "{}",
    "Fwd: {}",
]


def left(body: str) -> str:
    return without_ours(body, [AFTERCARE, REMINDER], clinic=CLINIC).strip()


@pytest.mark.parametrize("ours", [REMINDER, AFTERCARE], ids=["reminder", "aftercare"])
@pytest.mark.parametrize(
    "sent_back",
    FORMS,
)
def test_a_reaction_a_quotation_and_a_copy_leave_nothing(sent_back: str, ours: str) -> None:
    assert may_hold_ours(sent_back.format(ours))
    assert left(sent_back.format(ours)) == ""


@pytest.mark.parametrize(
    ("body", "theirs"),
    [
        (f"> {REMINDER}\nC", "C"),
        (f"“{REMINDER}” 👌", "👌"),
        (f"“{AFTERCARE}” I can't breathe", "I can't breathe"),
        (f"{REMINDER} see you", ". see you"),
        (f"Liked “{REMINDER[:45]}…”", ""),
        (f"Liked “{REMINDER[:47]}...”", ""),
    ],
)
def test_what_stands_beside_our_words_is_left(body: str, theirs: str) -> None:
    assert left(body) == theirs


@pytest.mark.parametrize(
    "body",
    [
        "trouble breathing, chest pain",
        "“Trouble breathing, chest pain”",
        "Trouble breathing, chest pain or fainting: call 911. In a crisis call 988.",
        "Liked “STOP”",
        '"a"',
        "Liked “please stop texting me”",
        "> I cannot go on",
        "Cottonwood Clinic: rest tonight.",
        "I have trouble breathing and chest pain and fainting, should I call 911 or 988 or you?",
    ],
)
def test_what_a_patient_writes_themselves_is_theirs_though_we_say_so_too(body: str) -> None:
    assert left(body) == body


def test_nothing_is_ours_that_was_not_sent_to_the_number() -> None:
    assert without_ours(f"Liked “{REMINDER}”", [], clinic=CLINIC) == f"Liked “{REMINDER}”"


@pytest.mark.parametrize("body", ["STOP", "chest pain", "C", "I can't come, don't wait"])
def test_a_short_plain_text_needs_no_look_at_what_was_sent(body: str) -> None:
    assert not may_hold_ours(body)


@pytest.mark.parametrize("sent_back", FORMS)
def test_every_shipped_text_that_comes_back_means_nothing(sent_back: str) -> None:
    """R61: in each language and level, with its longest values."""
    sender = load_profile().sender
    for name, wording, values in shipped():
        body = render_text(wording, values, samples_allowed=True)
        assert without_ours(sent_back.format(body), [body], clinic=sender) == "", name
