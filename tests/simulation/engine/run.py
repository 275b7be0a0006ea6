"""One seed: the world is built, runs for its days, comes to rest, and is judged."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from chalice.test import Client

from app import app
from chalicelib import wiring
from chalicelib.adapters.links import SignedLinks
from chalicelib.domain.randomness import drawn_from
from chalicelib.wiring import Services
from tests.simulation.engine.acts import Acts
from tests.simulation.engine.boundaries import FaultyQueue, FaultyStore
from tests.simulation.engine.dispatcher import Dispatcher
from tests.simulation.engine.faults import KINDS, Faults
from tests.simulation.engine.outcome import Outcome, Run
from tests.simulation.engine.restoring import Restoring
from tests.simulation.engine.scene import Scene
from tests.simulation.engine.service import Service
from tests.simulation.engine.stage import Stage, StageClock
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.commits import Commits
from tests.simulation.invariants.endings import Rested, judge_in_the_end
from tests.simulation.invariants.judge import Judge
from tests.simulation.invariants.ledger import Broken, Ledger
from tests.simulation.world.clinic import PLANS, clinic_for
from tests.simulation.world.delivery import Taken
from tests.simulation.world.frontdesk import FrontDesk
from tests.simulation.world.mails import Mailed, Mails
from tests.simulation.world.people import People
from tests.simulation.world.provider import Provider
from tests.web.browser import Browser
from tests.world import SETTINGS

BEGIN = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)  # the clocks change within thirty days
SHARDS = 2
AREAS = (316, 785, 913, 620, 816, 303, 402, 417, 918, 405, 214, 312, 515, 573, 719, 720)
RESTS = timedelta(days=75)  # after the last day, until nothing is due any more
TOLD_EVERY = 10  # days
STILL_LATE = timedelta(minutes=20)


Tell = Callable[[str], None]


def _nobody(line: str) -> None:
    """Ignores how far a run has come."""


def play(run: Run, table: QuickTable | None = None, tell: Tell | None = None) -> Outcome:
    """Play the run from its first day to its rest. A defect ends it, and is in the outcome.

    It uses a table of its own, unless one is given, and reports its progress every tenth day.
    """
    chance = Random(f"{run.seed}/service")
    with drawn_from(chance):
        return _Play(run, table or QuickTable(shards=SHARDS), tell or _nobody).go()


def play_quietly(run: Run, table: QuickTable | None = None, tell: Tell | None = None) -> Outcome:
    """Like `play`, in a separate process: no log, and no story if all went well."""
    logging.disable(logging.CRITICAL)
    outcome = play(run, table, tell)
    if outcome.broken is None:
        outcome.story.clear()
    return outcome


class _Play:
    service: Service
    people: People

    def __init__(self, run: Run, table: QuickTable, tell: Tell) -> None:
        seed = run.seed
        self.tell = tell
        self.run = run
        self.table = table
        self.story: list[str] = []
        self._told = 0
        self.begin = begin = BEGIN + timedelta(days=Random(f"{seed}/begin").randint(0, 180))
        self.stage = stage = Stage(Random(f"{seed}/stage"), begin)
        self.faults = faults = Faults(
            Random(f"{seed}/faults"), stage, days=run.days, without=run.without
        )
        self.ledger = ledger = Ledger(stage)
        clinic = clinic_for(run.asks_a_day)
        self.clinic = clinic
        self.judge = Judge(ledger, clinic, PLANS)
        people = Random(f"{seed}/people")
        count = max(4, int(run.asks_a_day * run.days * 0.6))
        every = [f"+1{area}555{n:04d}" for area in AREAS for n in range(101, 200)]
        numbers = people.sample(every, min(count, len(every)))
        self.provider = provider = Provider(
            stage,
            faults,
            report=lambda text, status, code: self.service.report(text, status, code),
            ring=lambda text: self.people.patients.rings(text),
            judge=self._judged,
            bad_numbers=frozenset(numbers[:1]) if people.random() < 0.3 else frozenset(),
        )
        self.mails = Mails(
            faults,
            judge=self._mailed,
            publish=lambda mail, event: self.service.tell(mail, event),
            read=lambda mail: self.people.patients.reads(mail),
        )
        services = Services(
            settings=SETTINGS.model_copy(update={"due_shards": SHARDS}),
            clinic=clinic,
            plans=PLANS,
            clock=StageClock(stage),
            store=FaultyStore(self.table, faults, Commits(ledger, clinic, PLANS)),
            text_sender=provider,
            text_inbox=provider,
            email_sender=self.mails,
            queue=FaultyQueue(faults, lambda id_: self.service.deliver(id_)),
            links=SignedLinks(base_url=SETTINGS.base_url, keys=SETTINGS.link_keys),
            pause=lambda attempt: stage.put_off(0.05),
        )
        wiring.provide(services)
        self.client = Client(app)
        browser = Browser(self, self.client)  # type: ignore[arg-type]
        acts = Acts(stage, faults, self.say, browser)
        self.service = Service(services, acts)
        self.front_desk = FrontDesk(services, acts, ledger)
        scene = Scene(people, stage, faults, ledger, self.service, self.front_desk, numbers)
        self.people = People(scene, provider, asks_a_day=run.asks_a_day, days=run.days)
        faults.meddle = self.people.meddle
        self.dispatcher = Dispatcher(acts, faults, self.service, self.table, provider)

    def say(self, what: str) -> None:
        self.story.append(f"{self.stage.now:%m-%d %H:%M:%S.%f} {what}"[:200])

    def go(self) -> Outcome:
        broken = None
        try:
            with self.client:
                self._live()
                judge_in_the_end(self._rested())
        except Broken as error:
            broken = str(error)
            self.say(f"BROKEN: {broken}")
        finally:
            self.faults.is_calm = True
            self.stage.close()
            wiring.provide(None)
        return Outcome(
            run=self.run,
            story=self.story,
            broken=broken,
            faults=self.faults.counted,
            texts=len(self.provider.taken),
            visits=len(self.ledger.visits),
        )

    def _live(self) -> None:
        stage, last = self.stage, self.stage.now + timedelta(days=self.run.days)
        # The service ran long before its first patient, so inbound texts are listed.
        self.faults.is_calm = True
        self.service.tick()
        self.faults.is_calm = False
        if self.run.without >= KINDS:
            self.ledger.calm_since = stage.now
        rests_at = last + RESTS
        restoring = Restoring(self.faults, self.table, self.ledger, self.judge, self.say)
        chance = Random(f"{self.run.seed}/restored")
        restoring.plan(chance, days=self.run.days, zone=self.clinic.zone)
        while True:
            if stage.now >= last and not self.faults.is_calm:
                self.faults.is_calm = True
                # What was put off before continues in its own time.
                self.ledger.calm_since = max(stage.now, self.dispatcher.last_at) + STILL_LATE
                self.say("from here on nothing goes wrong any more")
            self._tell()
            event_at, tick_at = stage.next_at(), self.dispatcher.next_at()
            soonest = min((at for at in (event_at, tick_at) if at is not None), default=None)
            if soonest is None or soonest > rests_at:
                return
            if event_at is not None and event_at <= (tick_at or event_at):
                stage.step()
            else:
                self.dispatcher.run(tick_at or stage.now)

    def _rested(self) -> Rested:
        return Rested(
            ledger=self.ledger,
            table=self.table,
            clinic=self.clinic,
            provider=self.provider,
            mails=self.mails,
            service=self.service,
            front_desk=self.front_desk,
        )

    def _tell(self) -> None:
        days = (self.stage.now - self.begin).days
        if days - self._told >= TOLD_EVERY:
            self._told = days
            visits, texts = len(self.ledger.visits), len(self.provider.taken)
            self.tell(f"day {days}: {visits} visits, {texts} texts, {len(self.story)} events")

    def _mailed(self, mail: Mailed) -> None:
        self.say(f"MAILED {mail.message_id} to {mail.to}")
        self.judge.mailed(mail)

    def _judged(self, text: Taken) -> None:
        self.say(f"ACCEPTED {text.message_id} to {text.to}")
        self.judge.accepted(text)
