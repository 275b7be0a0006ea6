"""As much of CloudWatch as our alarms ask for: datapoints by period, and whether an alarm fires.

A series is what was measured, by the second. CloudWatch looks every minute, so where its periods
begin is not ours to choose: an alarm that counts on it is none.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import ge, lt
from typing import Any

Series = Sequence[tuple[float, float]]

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {"Sum": sum, "Maximum": max}
COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
}
CONDITION = re.compile(r'\$\.(\w+) = "([^"]+)"')


def always_fires(alarm: Mapping[str, Any], series: Series, *, until: float) -> bool:
    """Whether it fires wherever the periods begin."""
    return all(_each_way(alarm, series, until))


def ever_fires(alarm: Mapping[str, Any], series: Series, *, until: float) -> bool:
    """Whether it fires if the periods begin where they happen to."""
    return any(_each_way(alarm, series, until))


def _each_way(alarm: Mapping[str, Any], series: Series, until: float) -> Iterator[bool]:
    for offset in range(0, alarm["Period"], 60):
        yield _fires(alarm, series, offset, until)


def _fires(alarm: Mapping[str, Any], series: Series, offset: int, until: float) -> bool:
    period, needed = alarm["Period"], alarm["EvaluationPeriods"]
    starts = range(offset, int(until) - period + 1, period)
    breaching = [
        _is_breaching(alarm, [v for at, v in series if start <= at < start + period])
        for start in starts
    ]
    of_all = alarm.get("DatapointsToAlarm", needed)
    return any(
        sum(breaching[first : first + needed]) >= of_all
        for first in range(len(breaching) - needed + 1)
    )


def _is_breaching(alarm: Mapping[str, Any], values: Sequence[float]) -> bool:
    if not values:
        return bool(alarm["TreatMissingData"] == "breaching")
    compared = COMPARED[alarm["ComparisonOperator"]]
    return compared(STATISTICS[alarm["Statistic"]](values), alarm["Threshold"])


def counted(pattern: str, line: Mapping[str, Any]) -> bool:
    """Whether a metric filter counts this line of a log."""
    conditions = CONDITION.findall(pattern)
    return bool(conditions) and all(line.get(name) == value for name, value in conditions)


def calculated(expression: str, sums: Mapping[str, float | None]) -> float:
    """A metric math expression of ours, of the sums of one period; None is a period without any."""
    functions = {
        "IF": lambda holds, then, otherwise: then if holds else otherwise,
        "FILL": lambda value, instead: instead if value is None else value,
    }
    python = expression.replace(" AND ", " and ")
    return float(eval(python, {"__builtins__": {}}, {**functions, **sums}))  # noqa: S307 our own words
