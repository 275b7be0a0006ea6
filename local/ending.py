"""How a serving process ends: on SIGINT or SIGTERM, at any time and any number of them.

A handler would run in the middle of the main thread's work, and could hold no lock and wait for
nothing. So there is none: the signals are blocked, and a separate thread waits for them.
"""

import os
import signal
import sys
import threading
import time

ENDING = (signal.SIGINT, signal.SIGTERM)
ENDS_WITHIN = 25.0  # seconds; a running delivery has less (local/assembly.py)


def end_on_signals(stop: threading.Event, *, within: float = ENDS_WITHIN) -> None:
    """Set `stop` at the first signal; later ones do nothing.

    Call it before any other thread starts, since a thread inherits what is blocked. A process that
    has not ended that many seconds later ends at once, with 1.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    for number in ENDING:
        # A shell may have started us with SIGINT ignored, and nobody can wait for an ignored
        # signal.
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
