"""Who asks without a link: the form, what is wrong with it, programs, what no page answers."""

from tests.story.visitor import Visitor


def strangers(visitor: Visitor) -> None:
    """The form, what is wrong with it, and what no page answers."""
    for name, path in {
        "form-en": "/request",
        "form-es": "/request?lang=es",
        "form-unknown-language": "/request?lang=xx",
        "form-en-embedded": "/request?embed=1",
        "form-es-embedded": "/request?lang=es&embed=1",
    }.items():
        page = visitor.get(name, path)
        visitor.as_it_stands(name, page)
        typed = {"name": "Pat Program", "phone": "316-555-0140", "reason": "other"}
        wrong = {"name": " ", "phone": "555", "email": "a@b", "time_zone": "Mars", "preferred": "x"}
        visitor.send(f"{name}-wrong", page.form(""), wrong)
        visitor.send(f"{name}-machine", page.form(""), typed | {"website": "x"})
    visitor.get("form-by-header", "/request", Accept_Language="es-MX,es;q=0.9")
    for name in ("bookend.css", "staff.css", "frame.js", "none.css"):
        visitor.get(f"static-{name}", f"/static/{name}")
    for name, path in {
        "embed-script": "/embed.js",
        "health": "/health",
        "root": "/",
        "no-such-page": "/nothing",
        "no-such-staff-link": "/s/nothing",
        "no-such-day-link": "/d/nothing",
        "no-such-patient-link": "/v/nothing",
        "no-such-patient-link-es": "/v/nothing?lang=es",
        "no-such-calendar": "/v/nothing/visit.ics",
        "no-such-thanks": "/thanks?r=nothing",
        "no-such-thanks-embedded": "/thanks?r=nothing&embed=1",
        "not-a-page": "/requests",
        "not-a-webhook": "/twilio/inbound",
    }.items():
        visitor.get(name, path)
    _programs(visitor)


def _programs(visitor: Visitor) -> None:
    """What other people's programs send."""
    good = {"name": "Pat Program", "phone": "316-555-0140", "reason": "other"}
    visitor.json("json-taken", good)
    visitor.json("json-taken-again", good)
    visitor.json("json-keyed", {**good, "phone": "316-555-0141"}, Idempotency_Key="one")
    visitor.json("json-keyed-other", {**good, "phone": "316-555-0142"}, Idempotency_Key="one")
    visitor.json("json-nothing", {})
    visitor.json("json-list", [])
    visitor.json("json-unknown", {**good, "age": 3})
    visitor.json("json-wrong", {**good, "phone": 3, "reason": "x", "preferred": [{"day": "x"}]})
    visitor.json("json-foreign", good, Origin="https://elsewhere.example.org")
    visitor.options("preflight-foreign", "/requests", Origin="https://elsewhere.example.org")
    visitor.post("json-broken", "/requests", b"{", "application/json")
    visitor.post("json-large", "/requests", b" " * 20_000, "application/json")
    visitor.post("plain-text", "/requests", b"hello", "text/plain")
    visitor.post("form-broken", "/requests", b"\xff=%ff")
    visitor.post("webhook-unsigned", "/twilio/inbound", b"From=x")
    visitor.post("receipt-unsigned", "/twilio/status/MSG-1", b"MessageStatus=sent")
    for number in range(7):
        each = {**good, "phone": "316-555-0143", "note": f"Number {number}"}
        visitor.json(f"json-often-{number}", each)
    visitor.wait()
