"""The story of a failed run, as short as possible: fewer days, fewer kinds of fault."""

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.engine.faults import KINDS
from tests.simulation.engine.outcome import Outcome, Run
from tests.simulation.engine.run import play

LAST_LINES = 60


def shortest(failed: Outcome, play_: Callable[[Run], Outcome] = play) -> Outcome:
    """The same defect with as little as possible around it; any failure will do."""
    best = failed
    for days in _fewer(best.run.days):
        best = _better(best, replace(best.run, days=days), play_)
    for kind in sorted(KINDS):
        best = _better(best, replace(best.run, without=best.run.without | {kind}), play_)
    return best


def told(outcome: Outcome) -> str:
    """The story's end, what broke, and the command to play it again."""
    about = _ids(outcome.broken or "")
    lines = [line for line in outcome.story if not about or any(id_ in line for id_ in about)]
    run = outcome.run
    needed = sorted(KINDS - run.without)
    return "\n".join(
        [
            f"seed {run.seed}, {run.days} days, {len(outcome.story)} things happened",
            f"faults that it takes: {', '.join(needed) or 'none'}",
            *(f"  {line}" for line in lines[-LAST_LINES:]),
            again(run),
        ]
    )


def again(run: Run) -> str:
    """The command that plays this very run."""
    kinds = "".join(f" --only {kind!r}" for kind in sorted(KINDS - run.without))
    return (
        f"again: .venv/bin/python -m tests.simulation --seed {run.seed} --days {run.days}"
        f" --asks {run.asks_a_day:g}{(kinds or ' --calm') if run.without else ''}"
    )


def _fewer(days: int) -> list[int]:
    return [n for n in (1, 2, 3, 5, 8, 13, 20) if n < days]


def _better(best: Outcome, wanted: Run, play_: Callable[[Run], Outcome]) -> Outcome:
    if wanted.days > best.run.days:
        return best
    tried = play_(wanted)
    return tried if tried.broken is not None else best


def _ids(broken: str) -> list[str]:
    """The visits, requests and numbers that the failure names."""
    words = broken.replace(",", " ").replace(":", " ").split()
    named = [word.partition(".")[0] for word in words]
    return [w for w in named if w.startswith(("APT-", "REQ-", "CRS-", "TXT-", "+1"))]
