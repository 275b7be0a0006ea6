"""Handlers as acts on the stage, some of them over HTTP; which errors one may raise."""

from collections.abc import Callable

from chalicelib.domain.errors import Refusal, Unavailable
from tests.simulation.engine.faults import Faults
from tests.simulation.engine.stage import Act, Stage, Work
from tests.simulation.invariants.ledger import Broken
from tests.web.browser import Browser

BY_WEB = 0.15  # the share of the handlers that are called over HTTP
ENDED_WITH = "ended with"  # what no handler may raise

Say = Callable[[str], None]
Ended = Callable[[Act], None]


class Acts:
    """Whatever a handler raises and may not is a defect."""

    def __init__(self, stage: Stage, faults: Faults, say: Say, browser: Browser) -> None:
        self.stage = stage
        self.say = say
        self.browser = browser
        self._faults = faults
        self._web_is_busy = False  # Chalice's app serves one request at a time, as in a container

    def perform(self, name: str, work: Work, ended: Ended | None = None) -> None:
        """Run the handler; when it is over, `ended` gets its result."""

        def over(act: Act) -> None:
            how = "killed" if act.killed else f"{act.failed!r}" if act.failed else "done"
            self.say(f"{act.name}: {how}")
            if isinstance(act.failed, Broken):
                raise act.failed
            may_fail = not act.name.startswith("courier")
            if act.failed is not None and not (
                may_fail and isinstance(act.failed, Refusal | Unavailable)
            ):
                raise Broken(f"{act.name} {ENDED_WITH} {act.failed!r}") from act.failed
            if ended is not None:
                ended(act)

        self.stage.perform(name, work, over)

    def either(self, name: str, work: Work, by_web: Work, ended: Ended | None = None) -> None:
        """Sometimes over HTTP, if no other request is in progress."""
        if self._web_is_busy or self._faults.chance.random() >= BY_WEB:
            self.perform(name, work, ended)
        else:
            self.web(name, by_web, ended)

    def web(self, name: str, by_web: Work, ended: Ended | None = None) -> None:
        """Over HTTP, as soon as no other request is in progress."""
        if self._web_is_busy:
            self.stage.after(lambda: self.web(name, by_web, ended), seconds=1)
            return
        self._web_is_busy = True

        def over(act: Act) -> None:
            self._web_is_busy = False
            if ended is not None:
                ended(act)

        self.perform(f"{name} (web)", by_web, over)

    def check(self, status: int) -> None:
        """A 5xx is a refusal to be tried again; the framework's own 500 is a defect."""
        if status == 500:
            raise Broken(f"the web {ENDED_WITH} 500")
        if status >= 500:
            raise Unavailable(str(status))
