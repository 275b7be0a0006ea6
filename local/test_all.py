"""`make test-all`: every test, also those on DynamoDB Local and in a browser.

What cannot be had is named in one line and makes the whole end with 1; the tests that need none of
it run all the same. Words on the command line go to pytest.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from local.dynamodb_local import dynamodb_local
from local.parent import end_with_parent, make_above
from local.tools import Lacking, chromium, have_playwright


@contextmanager
def browser() -> Iterator[str]:
    """The path of a Chromium that Playwright can drive."""
    have_playwright()
    yield chromium()


#: By a mark of tests: the variable that names to them what they need, and how to have it.
Tools = Mapping[str, tuple[str, Callable[[], AbstractContextManager[str]]]]
TOOLS_BY_MARK: Tools = {
    "dynamodb_local": ("DYNAMODB_LOCAL_URL", dynamodb_local),
    "browser": ("BOOKEND_CHROMIUM", browser),
}


def run(arguments: Sequence[str], tools: Tools = TOOLS_BY_MARK) -> int:
    """pytest's own code, or 1 when something could not be had."""
    environment, lacking, options = dict(os.environ), [], []
    with ExitStack() as opened:
        for mark, (variable, have) in tools.items():
            environment.pop(variable, None)
            try:
                environment[variable] = opened.enter_context(have())
            except Lacking as error:
                lacking.append(str(error))
            else:
                # Who names some tests does not mean them all.
                options += [] if arguments else [f"--must-run={mark}"]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        code = subprocess.run(  # noqa: S603 the command is made here
            command,
            env=environment,
            check=False,
            preexec_fn=lambda: end_with_parent(signal.SIGTERM),
        ).returncode
    for line in lacking:
        print(f"test-all: could not have {line}; its tests were not run", file=sys.stderr)
    return code or int(bool(lacking))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if make_above() is not None:
        end_with_parent(signal.SIGTERM)
    sys.exit(run(sys.argv[1:]))
