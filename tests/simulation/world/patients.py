"""Patients who ask, answer late or oddly, stop, and change their minds."""

from collections.abc import Callable
from typing import Any

from chalicelib.usecases.requests.submit import RequestForm
from tests.simulation.engine.scene import Scene
from tests.simulation.invariants.ledger import ECHOES
from tests.simulation.world.delivery import Taken
from tests.simulation.world.frontdesk import page_in
from tests.simulation.world.mails import Mailed
from tests.simulation.world.provider import Provider

ANSWERS = {  # what is typed in answer to a text of this kind, and how often
    "proposed": (("1", 6), ("2", 2), ("hello?", 1)),
    "ride": (("D", 6), ("N", 2), ("who is this", 1)),
    "which": (("1", 5), ("2", 3)),
    "": (("C", 8), ("ok", 3), ("R", 2), ("thanks", 2), ("STOP", 1), ("CANCEL", 1)),
}
RARELY = (
    *("I have chest pain", "the bleeding won't stop", "can't wake him"),
    *("please stop texting me", "leave me alone", "why did you stop sending me reminders?"),
    *("HELP", "1", "STOP"),
)


class Patients:
    """Everybody with a phone."""

    def __init__(self, scene: Scene, provider: Provider, *, asked: Callable[[], None]) -> None:
        self.scene = scene
        self.provider = provider
        self._count = 0
        self._asked = asked

    def rings(self, text: Taken) -> None:
        """A text arrived; its reader may answer it."""
        chance = self.scene.chance
        if self.scene.faults.is_calm or chance.random() > 0.35:
            return
        self.reads(text)
        kind = next((k for k in ANSWERS if k and k in text.message_id), "")
        words, weights = zip(*ANSWERS[kind], strict=True)
        body = chance.choices(words, weights)[0]
        if chance.random() < 0.05:
            body = chance.choice(RARELY)
        elif chance.random() < 0.1:
            body = chance.choice(ECHOES).format(text.body)
        seconds = chance.choice([5, 60, 3600, 20000]) * chance.uniform(0.5, 1.5)
        self.scene.stage.after(lambda: self.texts(text.to, body), seconds=seconds)

    def reads(self, message: Taken | Mailed) -> None:
        """A text or a mail may have a link to a page, and its reader may open it."""
        scene = self.scene
        page = page_in(message)
        if page is None or scene.faults.is_calm or scene.chance.random() > 0.4:
            return
        hours = scene.chance.choice([0.02, 1, 30]) * scene.chance.uniform(0.5, 1.5)
        scene.stage.after(
            lambda: scene.front_desk.open_page(page, message, scene.chance.choice),
            hours=hours,
        )

    def texts(self, number: str, body: str) -> None:
        """A phone sends a text; the provider's webhook is lost, late or comes twice."""
        faults = self.scene.faults
        text = self.provider.hear(number, body)
        means = self.provider.means[text.sid]
        self.scene.ledger.said[number].append(text)
        if body in ("STOP", "CANCEL") and self.scene.chance.random() < 0.6:
            hours = self.scene.chance.uniform(0.1, 100)
            self.scene.stage.after(lambda: self.texts(number, "START"), hours=hours)
        if faults.lasts("no webhooks for an hour") or faults.happens("webhook lost"):
            return
        for _ in range(2 if faults.happens("webhook twice") else 1):
            late = faults.happens("webhook late")
            seconds = self.scene.chance.uniform(0.1, 1800 if late else 2)
            self.scene.stage.after(lambda: self.scene.service.hear(text, means), seconds=seconds)
        if faults.happens("webhook replayed days later"):
            hours = self.scene.chance.uniform(2, 200)
            self.scene.stage.after(lambda: self.scene.service.hear(text, means), hours=hours)

    def ask(self) -> None:
        chance = self.scene.chance
        self._count += 1
        consents = chance.random() < 0.88
        fields: dict[str, Any] = {
            "name": f"Pat {chance.choice('ABCDEFGH')} Example",
            "phone": chance.choice(self.scene.numbers),
            "email": f"pat-{self._count}@example.org" if chance.random() < 0.6 else None,
            "reason": "depression",
            "preferred": ["mon:morning"],
            "note": f"no. {self._count}",
            "language": chance.choice(["en", "en", "es"]),
            "sms_consent": consents,
            "detailed_consent": consents and chance.random() < 0.7,
            "discreet": chance.random() < 0.1,
            "time_zone": chance.choice([None, None, "America/Denver", "America/New_York"]),
        }
        key = f"key-{self._count:08d}"
        as_json = {name: value for name, value in fields.items() if value is not None}
        as_json["preferred"] = [{"day": "mon", "part": "morning"}]
        request_form = RequestForm(**fields | {"preferred": ("mon:morning",)})

        for _ in range(2 if self.scene.faults.happens("form sent twice") else 1):
            self.scene.front_desk.ask(as_json, request_form, key)
        self.scene.stage.after(self._asked, minutes=chance.uniform(1, 600))
