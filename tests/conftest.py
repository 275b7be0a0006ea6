"""Which tests run: those whose tools are there. `--must-run` makes sure that they did.

Hypothesis tries the same cases in every run, except in `make test-properties`. A failing test shows
the ids of its log lines.
"""

import logging
import os
from collections import Counter
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest

pytest_plugins = ["pytester"]

# Before any test module is imported, as their settings start from these.
hypothesis.settings.register_profile("fixed", derandomize=True)
if os.environ.get("HYPOTHESIS_PROFILE") != "full":
    hypothesis.settings.load_profile("fixed")

#: Tests with such a mark run only if this variable says where their tool is: `make test-all`.
VARIABLE_BY_MARK = {"dynamodb_local": "DYNAMODB_LOCAL_URL", "browser": "BOOKEND_CHROMIUM"}

_passed_by_mark = pytest.StashKey[Counter[str]]()
_wanted_by_mark = pytest.StashKey[Counter[str]]()


class WithIds(logging.Formatter):
    """`message.sent message_id=APT-1.v1-ride attempt=1`: an event's name alone says too little."""

    USUAL = frozenset({*vars(logging.makeLogRecord({})), "asctime", "message", "taskName"})

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        given = {name: value for name, value in vars(record).items() if name not in self.USUAL}
        ids = [f"{name}={value}" for name, value in given.items() if not name.startswith("_")]
        shown = logging.makeLogRecord(vars(record))
        shown.msg, shown.args = " ".join([record.getMessage(), *ids]), None
        return self._inner.format(shown)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--must-run",
        action="append",
        default=[],
        choices=sorted(VARIABLE_BY_MARK),
        help="fail unless tests with this mark were found, and every one of them passed",
    )


@pytest.hookimpl(trylast=True)  # after pytest's own plugin that captures logs
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_passed_by_mark] = Counter()
    config.stash[_wanted_by_mark] = Counter()
    logs: Any = config.pluginmanager.get_plugin("logging-plugin")
    if logs is not None:  # `-p no:logging`
        logs.report_handler.setFormatter(WithIds(logs.formatter))


@pytest.hookimpl(trylast=True)  # after -k and -m have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests without their tool are deselected, which pytest counts in its last line."""
    absent = {mark for mark, variable in VARIABLE_BY_MARK.items() if not os.environ.get(variable)}
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in absent)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for mark in VARIABLE_BY_MARK:
        found = sum(item.get_closest_marker(mark) is not None for item in items)
        config.stash[_wanted_by_mark][mark] = found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.passed:
        marks = [mark for mark in VARIABLE_BY_MARK if item.get_closest_marker(mark)]
        item.config.stash[_passed_by_mark].update(marks)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if any(not _is_enough(session.config, mark) for mark in session.config.option.must_run):
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for mark in config.option.must_run:
        passed, wanted = config.stash[_passed_by_mark][mark], config.stash[_wanted_by_mark][mark]
        verdict = "" if _is_enough(config, mark) else ": not enough"
        terminalreporter.write_line(f"{mark}: {passed} of {wanted} passed{verdict}")


def _is_enough(config: pytest.Config, mark: str) -> bool:
    passed, wanted = config.stash[_passed_by_mark][mark], config.stash[_wanted_by_mark][mark]
    return 0 < wanted == passed
