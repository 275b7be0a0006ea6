"""The rules for every wording, as functions from a text to its faults: R21-R28, R41, R72.

The care-plan lint and the catalogue's lint both use them; each adds what only it can check.
"""

import re
from collections.abc import Collection, Mapping

from chalicelib.domain.messaging.segments import count, transliterate, unspellable

PLACEHOLDER = re.compile(r"\{(\w+)\}")
REPLY_WORD = re.compile(r"\b(?:reply|responda) (\w+)", re.IGNORECASE)

#: R25. English and Spanish; a stem matches all its endings.
REVEALING = re.compile(
    r"ketamin\w*|esketamin\w*|spravato|\binfusi\w*|\bdepres\w*|\banxi\w*|\bansiedad\w*|\bptsd\b"
    r"|\btept\b|\bbipolar\w*|\bpain\w*|\bdolor\w*|psychiatr\w*|psiqui\w*|\bmental\w*",
    re.IGNORECASE,
)
#: R24. Only the clinician gives advice on medicine; a text says no more than "ask your clinician".
MEDICINE = re.compile(
    r"ketamin\w*|esketamin\w*|spravato|midazolam|ondansetron|zofran|\w+azepam|alprazolam|xanax"
    r"|ativan|valium|klonopin|benzo\w*|lamotrigine|lithium|lisinopril|metoprolol|clonidine"
    r"|insulin|aspirin|ibuprofen|tylenol|acetaminophen|opioid\w*|oxycodone|naltrexone"
    r"|\bskip your\b|\bstop taking\b|\btake your\b|\bhold your\b|\b(?:do not|don't) take\b"
    r"|\bhalf your\b|\bdos(?:e|es|age)\b|\d\s*(?:mg|mcg|ml)\b|\bmg\b|\bmilligrams?\b"
    r"|\bdeje de tomar\b|\bno tome\b|\bdosis\b",
    re.IGNORECASE,
)
#: R72. Claims that something was done, or is wished, which no row of ours can prove. Data, as
#: above.
CLAIM = re.compile(
    r"\b(?:your )?(?:ride(?: home)?|driver)(?: is| was| has been)?"
    r" (?:arranged|booked|organi[sz]ed|confirmed|taken care of)\b"
    r"|\bas you (?:asked|requested|wished|wanted|agreed)\b|\byou asked for\b"
    r"|\bjust been (?:taken|booked)\b|\bwas promised\b"
    r"|\b(?:you|they|we|team|everybody) (?:is|are|was|were|has been|have been)"
    r" (?:told|reminded|called|informed)\b"
    r"|\b(?:su )?regreso(?: a casa)?(?: está| fue)? (?:arreglado|organizado|confirmado)\b"
    r"|\bcomo (?:usted )?(?:pidió|solicitó|acordó)\b|\bacaba de (?:ocupar|tomar)\b"
    r"|\ble (?:avisamos|informamos) (?:ayer|antes|ya)\b",
    re.IGNORECASE,
)
#: R28. An address, with or without a scheme; a phone number or an hour is not one.
ADDRESS = re.compile(
    r"https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:com|org|net|ly|co|me|io|health)\b\S*", re.IGNORECASE
)
#: R41. The provider answers or acts on these itself, so none can be an answer to our question.
RESERVED = frozenset(
    [
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("start", "yes", "unstop", "help", "info"),
    ]
)
_OFFERED = frozenset({"stop", "help", "start"})  # the words that a text may ask for


def placeholder_faults(text: str, known: Collection[str]) -> list[str]:
    """Placeholders that have no value, and braces that are not placeholders (R22)."""
    faults = [
        f"{{{name}}} is not a known placeholder; known here: {', '.join(sorted(known))}"
        for name in PLACEHOLDER.findall(text)
        if name not in known
    ]
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        faults.append("a brace stands alone; a placeholder is written {name}")
    return faults


def length_faults(text: str, longest: Mapping[str, str], segments: int) -> list[str]:
    """Characters outside GSM-7, or too many segments with the longest values (R27)."""
    if strange := unspellable(text):
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in strange)
        return [f"{named} is outside GSM-7 and makes the whole text cost more; replace it"]
    filled = transliterate(PLACEHOLDER.sub(lambda match: longest.get(match[1], ""), text))
    size = count(filled)
    if size.count <= segments:
        return []
    return [
        f"is {size.units} characters long with the longest values and takes {size.count} segments;"
        f" {segments} allowed"
    ]


def word_faults(text: str, *, neutral: bool) -> list[str]:
    """Advice on medicine (R24), and in a neutral text what reveals the treatment (R25)."""
    faults = [f"says {word!r}, which is medicine advice (R24)" for word in _found(MEDICINE, text)]
    if neutral:
        faults += [
            f"says {word!r}, which a neutral text may not (R25)" for word in _found(REVEALING, text)
        ]
    return faults


def claim_faults(text: str) -> list[str]:
    """What is stated as done, or as wished, although nobody can know it (R72)."""
    return [f"says {claim!r} as done, which nobody may know (R72)" for claim in _found(CLAIM, text)]


def name_faults(text: str, *, recurring: bool) -> list[str]:
    """A text that does not name the clinic, or how to stop texts (R27)."""
    faults = [] if "{clinic}" in text else ["does not name the clinic; add {clinic} (R27)"]
    if recurring and "STOP" not in text:
        faults.append('has no STOP line; add "Reply STOP to opt out." (R27)')
    return faults


def link_faults(text: str) -> list[str]:
    """An address that is written out: links are made by us, signed and on our own domain (R28)."""
    return [
        f"has the address {found!r}; a link is written {{link}}, where there is one (R28)"
        for found in _found(ADDRESS, text)
    ]


def reply_faults(text: str) -> list[str]:
    """Reply words that the provider would answer itself (R41)."""
    asked = {word.lower() for word in REPLY_WORD.findall(text)}
    return [
        f"asks for the reply {word!r}, which the provider acts on itself (R41)"
        for word in sorted(asked & (RESERVED - _OFFERED))
    ]


def aftercare_faults(text: str, *, advice: Collection[str]) -> list[str]:
    """What every text after a session must have (R26); `advice` are the words about driving."""
    faults = [f"lacks {needed} (R26)" for needed in ("911", "988", "{phone}") if needed not in text]
    if any(word not in text for word in advice):
        faults.append("does not say: no driving until tomorrow after a full night's sleep (R26)")
    return faults


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match[0] for match in pattern.finditer(text)]
