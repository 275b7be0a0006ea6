"""`make test-all`: every test, including those on DynamoDB Local and in a browser.

If a tool cannot be installed, one line names it and the end is 1; the tests that do not need it run
all the same. Arguments go to pytest.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from local.aws.dynamodb_local import dynamodb_local
from local.ending import ENDING
from local.parent import end_with_parent, make_above
from local.tools import Lacking, chromium, have_playwright

_CLOSES_WITHIN = 20.0  # seconds; a browser and a local run take one or two


@contextmanager
def browser() -> Iterator[str]:
    """The path of a Chromium that Playwright can drive."""
    have_playwright()
    yield chromium()


#: By a mark of tests: the variable that tells them where their tool is, and how to get it.
Tools = Mapping[str, tuple[str, Callable[[], AbstractContextManager[str]]]]
TOOLS_BY_MARK: Tools = {
    "dynamodb_local": ("DYNAMODB_LOCAL_URL", dynamodb_local),
    "browser": ("BOOKEND_CHROMIUM", browser),
}


def run(arguments: Sequence[str], tools: Tools = TOOLS_BY_MARK) -> int:
    """pytest's own code, or 1 when a tool could not be installed."""
    environment, lacking, options = dict(os.environ), [], []
    with ExitStack() as opened:
        for mark, (variable, have) in tools.items():
            environment.pop(variable, None)
            try:
                environment[variable] = opened.enter_context(have())
            except Lacking as error:
                lacking.append(str(error))
            else:
                # A person who names some tests does not mean all of them.
                options += [] if arguments else [f"--must-run={mark}"]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        tests = subprocess.Popen(  # noqa: S603 the command is made here
            command, env=environment, preexec_fn=lambda: end_with_parent(signal.SIGTERM)
        )
        code = _code_of(tests)
    for line in lacking:
        print(f"test-all: could not have {line}; its tests were not run", file=sys.stderr)
    return code or int(bool(lacking))


def main(arguments: Sequence[str], tools: Tools = TOOLS_BY_MARK) -> int:
    for number in ENDING:
        signal.signal(number, _end)
    if make_above() is not None:
        end_with_parent(signal.SIGTERM)
    return run(arguments, tools)


def _end(number: int, _: object) -> None:
    """Raises once. No later signal interrupts the closing."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _code_of(tests: subprocess.Popen[bytes]) -> int:
    """pytest's own code; if this process is ended, pytest first closes what its tests opened."""
    try:
        return tests.wait()
    except SystemExit as ending:
        # A terminal sends Ctrl-C to pytest itself, and a second one would interrupt its closing.
        if ending.code != 128 + signal.SIGINT:
            tests.send_signal(signal.SIGINT)
        try:
            tests.wait(_CLOSES_WITHIN)
        except subprocess.TimeoutExpired:
            tests.kill()
            tests.wait()
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
