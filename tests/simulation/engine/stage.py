"""The simulated time, and acts that take turns at every boundary, in an order given by the seed.

An act is one run of a handler, in a thread that runs only while it is its turn. At each boundary it
may be put off, so that others run in between, or killed as `kill -9` would.
"""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

Work = Callable[[], object]

CONTAINERS = 4
SKEW = 55.0  # seconds that a container's clock may be off either way: two differ by less than 2 min


class Killed(BaseException):
    """The process has ended: nothing that was to follow happens. No code may catch it."""


class Act:
    """One run of a handler."""

    def __init__(self, name: str, work: Work, *, skew: timedelta) -> None:
        self.name = name
        self.work = work
        self.skew = skew
        self.began_at: datetime | None = None
        self.wake_at: datetime | None = None  #: when it continues; None once it has ended
        self.killed = False
        self.failed: BaseException | None = None
        self.about: str | None = None  #: the row that it works on
        self.on_end: Callable[[Act], None] | None = None


class _Worker:
    """A thread that runs one act after another."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage
        self.act: Act | None = None
        self.go = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.go.acquire()
            act = self.act
            if act is None:
                return
            try:
                act.work()
            except Killed:
                act.killed = True
            except BaseException as error:  # noqa: BLE001 - the stage judges what came out of a handler
                act.failed = error
            act.wake_at = None
            self._stage.baton.release()


class Stage:
    """Holds the clock and the coming events; runs one act at a time."""

    def __init__(self, chance: Random, start: datetime) -> None:
        self.now = start
        self.baton = threading.Semaphore(0)
        self.chance = chance
        self.current: Act | None = None
        self._numbers = itertools.count()
        self._coming: list[tuple[datetime, int, Work]] = []
        self._idle: list[_Worker] = []
        self._busy: dict[Act, _Worker] = {}
        self._skews = [self.any_skew() for _ in range(CONTAINERS)]

    def at(self, when: datetime, work: Work) -> None:
        """Something happens then, outside the service or as the start of an act."""
        heapq.heappush(self._coming, (when, next(self._numbers), work))

    def after(self, work: Work, **span: float) -> None:
        self.at(self.now + timedelta(**span), work)

    def any_skew(self) -> timedelta:
        """A random error of a container's clock."""
        return timedelta(seconds=self.chance.uniform(-SKEW, SKEW))

    @property
    def is_busy(self) -> bool:
        """Whether a handler is in progress, or put off."""
        return bool(self._busy)

    def next_at(self) -> datetime | None:
        return self._coming[0][0] if self._coming else None

    def step(self) -> None:
        """The next event happens."""
        when, _, work = heapq.heappop(self._coming)
        self.now = max(self.now, when)
        work()

    def perform(self, name: str, work: Work, on_end: Callable[[Act], None] | None = None) -> None:
        """Run a handler in a container with its own clock, until it is first put off."""
        act = Act(name, work, skew=self.chance.choice(self._skews))
        act.began_at, act.on_end = self.now, on_end
        worker = self._idle.pop() if self._idle else _Worker(self)
        worker.act = act
        self._busy[act] = worker
        self._resume(act)

    def put_off(self, seconds: float) -> None:
        """Within an act: others run, and it continues later."""
        act = self.current
        assert act is not None
        worker = self._busy[act]
        act.wake_at = self.now + timedelta(seconds=seconds)
        self.baton.release()
        worker.go.acquire()
        if act.killed:
            raise Killed

    def close(self) -> None:
        """Kill what is in progress, and end the threads."""
        for act in list(self._busy):
            act.killed = True
            self._resume(act)
        for worker in self._idle:
            worker.act = None
            worker.go.release()

    def _resume(self, act: Act) -> None:
        worker = self._busy[act]
        self.current, before = act, self.current
        worker.go.release()
        self.baton.acquire()
        self.current = before
        if act.wake_at is not None:
            self.at(act.wake_at, lambda: self._resume(act))
            return
        del self._busy[act]
        self._idle.append(worker)
        if act.on_end is not None:
            act.on_end(act)


class StageClock:
    """Implements ports.Clock: the stage's time by the clock of the container that asks."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def now(self) -> datetime:
        act = self._stage.current
        return self._stage.now + (act.skew if act is not None else timedelta(0))
