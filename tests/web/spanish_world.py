"""A world whose clinic has written everything in Spanish, in words of the tests' own, and how a
test reads what comes out of it.

What the sample clinic says in Spanish is tested with its files; here, what stands around it.
"""

import re
from datetime import timedelta

from chalice.test import HTTPResponse

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Step
from chalicelib.clinic.profile_models import ConsentTexts
from chalicelib.ports import Email
from chalicelib.usecases.visits import book
from tests.builders.pages import mailed_link
from tests.web.browser import Browser
from tests.world import RUTH, World, at

# Common words that are none in Spanish; the clinic's name and address are as they are.
ENGLISH = re.compile(
    r"\b(the|and|your|you|please|visit|visits|call|with|for|time|times|this|that|request|are|will"
    r"|from|have|reply|we|is|to|of|or|at|on|if|it|our|us|an|by|not|before|after|when|where|phone"
    r"|thank|thanks|page|open|day|night|text|texts|send|need|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday|january|february|march|april|june|july|august|september|october"
    r"|november|december|tue|wed|thu|fri|dec|jan)\b",
    re.IGNORECASE,
)
NAMES = ("100 Sample Street", "Cottonwood Clinic")
FILLED = {"name": "José Peña Ibáñez", "phone": "316-555-0142", "email": "ana@example.org"}
LINE = "Mañana temprano, línea con acentos: {phone}, 911, 988."


def spanish_world() -> World:
    world = World()
    clinic = world.services.clinic
    consents = clinic.consents.model_copy(
        update={
            "appointment": _agreed(clinic.consents.appointment),
            "detailed": _agreed(clinic.consents.detailed),
        }
    )
    world.replace(
        clinic=clinic.model_copy(update={"consents": consents}),
        plans={code: _plan(plan) for code, plan in world.services.plans.items()},
    )
    return world


def _agreed(texts: ConsentTexts) -> ConsentTexts:
    return texts.model_copy(update={"text": {**texts.text, "es": "Sí, acepto los mensajes."}})


def _plan(plan: CarePlan) -> CarePlan:
    lines = {
        part: tuple(LINE for _ in getattr(plan.leaflet["en"], part)) for part in ("before", "after")
    }
    leaflet = plan.leaflet["en"].model_copy(update=lines)
    return plan.model_copy(
        update={
            "leaflet": {**plan.leaflet, "es": leaflet},
            "steps": tuple(_step(step) for step in plan.steps),
        }
    )


def _step(step: Step) -> Step:
    english = step.wording["en"]
    written = {name: LINE for name in type(english).model_fields if getattr(english, name)}
    return step.model_copy(
        update={"wording": {**step.wording, "es": english.model_copy(update=written)}}
    )


def english_in(words: str) -> list[str]:
    for name in NAMES:
        words = words.replace(name, "")
    # What a program reads, and no person: addresses, and words to text back.
    words = re.sub(r"https?://\S+|\bSTOP\b|\bHELP\b", "", words)
    return [match[0] for match in ENGLISH.finditer(words)]


def spanish(answer: HTTPResponse, status: int = 200) -> str:
    """The page's words, after looking that they are all Spanish."""
    assert answer.status_code == status
    html = answer.body.decode()
    assert '<html lang="es"' in html
    spoken = re.sub(r'<a[^>]* lang="en"[^>]*>English</a>', "", html)
    labels = " ".join(re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', spoken))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", spoken))
    assert english_in(f"{words} {labels}") == []
    return words


def asked_in_spanish(browser: Browser, **changes: str) -> str:
    """A request by the Spanish form; its reference."""
    (form,) = browser.forms("/request?lang=es")
    browser.world.clock.at += timedelta(minutes=1)
    fields = dict(form.fields) | FILLED | {"reason": "other"} | changes
    sent = browser.send(form.action, list(fields.items()))
    assert sent.status_code == 303
    words = spanish(browser.get(sent.headers["Location"]))
    found = re.search(r"REQ-\w+", words)
    assert found is not None
    return found[0]


def booked_in_spanish(browser: Browser, visit_type: str = "iv_infusion", **changes: str) -> str:
    """A visit for tomorrow week; the patient's link."""
    reference = asked_in_spanish(browser, **changes)
    book.confirm(
        browser.world.context,
        subject_id=reference,
        when=at("2026-12-09T09:00"),
        visit_type=visit_type,
        resource="room-1",
        actor=RUTH,
    )
    browser.world.drain()
    return mailed_link(browser)


def all_spanish(mail: Email) -> None:
    assert '<html lang="es">' in mail.html
    assert english_in(f"{mail.subject}\n{mail.text}") == []
    shown = re.sub(r"<[^>]+>", " ", mail.html.partition("</head>")[2])
    assert english_in(shown) == []
