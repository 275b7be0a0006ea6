"""How a process that serves ends: on SIGINT or SIGTERM, whenever they come and however many.

A handler runs in the middle of whatever the main thread does, and may hold no lock and wait for
nothing. So there is none: the signals are blocked, and a thread of its own waits for them.
"""

import os
import signal
import sys
import threading
import time

ENDING = (signal.SIGINT, signal.SIGTERM)
ENDS_WITHIN = 25.0  # seconds; a delivery under way has less (local/assembly.py)


def end_on_signals(stop: threading.Event, *, within: float = ENDS_WITHIN) -> None:
    """Sets `stop` at the first of them; no later one does anything.

    To be called before any other thread begins, since a thread inherits what is blocked. A process
    that has not ended that many seconds later ends at once, with 1.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    for number in ENDING:
        # A shell may have begun us with SIGINT ignored, and what is ignored nobody waits for.
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_wait, args=(stop, within), name="signals", daemon=True).start()


def _wait(stop: threading.Event, within: float) -> None:
    signal.sigwait(ENDING)
    stop.set()
    time.sleep(within)
    print(
        f"bookend: was ended after {within:g} s; nothing that was answered is lost",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
