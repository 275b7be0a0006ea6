"""Starts the whole local run: the service with its AWS and Twilio, console, ticker and worker.

local/run.py says where it runs and when it ends.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.ports import Due
from local import server
from local.aws.embedded import EmbeddedAws
from local.aws.keeper import Keeper
from local.clock import MovableClock
from local.console import http
from local.console.api import Stage
from local.console.coming import in_words
from local.console.driving import FOREVER, Driver
from local.functions import Functions
from local.kill import KillableTexts, KillSwitch
from local.server import Server
from local.twilio.api import api_of
from local.twilio.service import LocalTwilio

HOST = "127.0.0.1"
_ALL = 100_000  # rows; more than a rehearsal ever has
_SHOWN = 3  # rows that the console shows as due next
_POLL = 0.2  # seconds between two looks at the queue, and at the clock's minute
_TO_FINISH = 12.0  # seconds that a running delivery gets when the run ends
_TO_STOP = 2.0  # seconds for each other part; in total less than ending.ENDS_WITHIN


def start(
    *, folder: Path, fresh: bool, port: int, console_port: int, stop: threading.Event
) -> ExitStack:
    """Start everything; closing the stack ends it. Otherwise NotKept, OSError, ElsewhereRefused."""
    with ExitStack() as opened:
        keeper = Keeper(folder / "bookend.db", fresh=fresh)
        opened.callback(keeper.close)
        clock = MovableClock(keeper)
        sender = os.environ["EMAIL_FROM"]
        aws = EmbeddedAws(keeper=keeper, clock=clock.now, senders=[sender], fresh=fresh)
        opened.enter_context(aws)
        os.environ.update(aws.environment)
        twilio = LocalTwilio(
            keeper=keeper,
            clock=clock,
            account_sid=os.environ["TWILIO_ACCOUNT_SID"],
            auth_token=os.environ["TWILIO_AUTH_TOKEN"],
            number=os.environ["TWILIO_FROM"],
            inbound_url=f"{os.environ['BASE_URL']}/twilio/inbound",
        )
        switch = KillSwitch()
        twilio.before_answer = lambda: switch.reached("after_accept")
        real = wiring.build()
        texts = KillableTexts(texts=real.text_sender, switch=switch)
        services = dataclasses.replace(real, clock=clock, text_sender=texts)
        wiring.provide(services)

        def due(until: datetime, limit: int = 100) -> list[Due]:
            shards = range(services.settings.due_shards)
            with aws.spared():
                rows = [services.store.due(shard=s, until=until, limit=limit) for s in shards]
            return sorted((row for shard in rows for row in shard), key=lambda row: row.due_at)

        def coming() -> list[Mapping[str, Any]]:
            with aws.spared():
                return in_words(due(FOREVER, _SHOWN)[:_SHOWN], messages=services.store)

        import app as service

        functions = Functions(
            service,
            queue_url=aws.environment["QUEUE_URL"],
            now=clock.now,
            mail_events=aws.mail_events,
            is_ending=stop.is_set,
        )
        driver = Driver(
            clock=clock,
            due=due,
            tick=functions.tick,
            deliver_queue=functions.deliver_queue,
            twilio=twilio,
        )
        stage = Stage(
            clock=clock,
            driver=driver,
            pending=lambda: due(FOREVER, _ALL),
            coming=coming,
            emails=aws.emails,
            phone=twilio,
            inject={
                "twilio": twilio.inject,
                "ses": lambda faults: aws.inject("ses", faults),
                "dynamodb": lambda faults: aws.inject("dynamodb", faults),
            },
            arm=switch.arm,
            service_url=os.environ["BASE_URL"],
            zone=services.clinic.time_zone,
        )
        front: Server = server.serve(service.app, host=HOST, port=port).server
        opened.enter_context(_serving(front))
        context = http.serve(stage=stage, twilio=api_of(twilio), host=HOST, port=console_port)
        opened.enter_context(_serving(context))
        opened.enter_context(_in_background(lambda: _tick(driver, clock.now, stop)))
        opened.enter_context(_in_background(lambda: _work(driver, stop)))
        opened.callback(lambda: twilio.end(within=_TO_STOP))
        opened.callback(lambda: driver.end(within=_TO_FINISH))
        return opened.pop_all()


def _tick(driver: Driver, now: Callable[[], datetime], stop: threading.Event) -> None:
    """Tick at once, which fills the queue, as it is not kept, and at each new minute."""
    ticked_at = None
    while not stop.is_set():
        minute = now().replace(second=0, microsecond=0)
        if minute != ticked_at:
            driver.tick()
            ticked_at = minute
        stop.wait(_POLL)


def _work(driver: Driver, stop: threading.Event) -> None:
    while not stop.wait(_POLL):
        driver.deliver()


@contextmanager
def _serving(server: Server) -> Iterator[None]:
    with _in_background(lambda: server.serve_forever(poll_interval=0.05)):
        try:
            yield
        finally:
            server.shutdown()
            server.finish(within=_TO_STOP)
            server.server_close()


@contextmanager
def _in_background(work: Callable[[], None]) -> Iterator[None]:
    """Run it in a thread; the end waits for work in progress, but not without limit."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(_TO_STOP)
