"""The event functions are called as the platform calls them, and their errors end nothing."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from chalice.app import Chalice, CloudWatchEvent, Rate, SQSEvent

from local.aws.keeper import Keeper
from local.functions import Functions
from tests.local.embedded import NOON, embedded


@pytest.fixture
def queue_url(tmp_path: Path) -> Iterator[str]:
    keeper = Keeper(tmp_path / "bookend.db")
    with embedded(keeper) as aws:
        yield aws.environment["QUEUE_URL"]
    keeper.close()


class Stub(ModuleType):
    """A module with a Chalice app that writes down what its functions are given."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__("stub")
        app = Chalice(app_name="stub")
        self.batches: list[list[str]] = []
        self.ticked: list[str] = []

        @app.schedule(Rate(1, unit=Rate.MINUTES))
        def tick(event: CloudWatchEvent) -> None:
            self.ticked.append(event.to_dict()["time"])
            if fails:
                raise RuntimeError("what a patient wrote")

        @app.on_sqs_message(queue="Outbox", batch_size=10)
        def deliver(event: SQSEvent) -> None:
            self.batches.append([record.body for record in event])
            if fails:
                raise RuntimeError("what a patient wrote")

        self.tick, self.deliver = tick, deliver


def put(queue_url: str, *ids: str) -> None:
    for each in ids:
        boto3.client("sqs").send_message(QueueUrl=queue_url, MessageBody=each)


def test_the_queue_is_delivered_in_batches_and_is_empty_then(queue_url: str) -> None:
    stub = Stub()
    functions = Functions(stub, queue_url=queue_url, now=lambda: NOON)
    ids = [f"MSG-{n}" for n in range(12)]
    put(queue_url, *ids)
    assert functions.deliver_queue() == 12
    assert sorted(each for batch in stub.batches for each in batch) == sorted(ids)
    assert max(map(len, stub.batches)) <= 10
    assert functions.deliver_queue() == 0


def test_a_run_that_ends_finishes_its_batch_and_begins_no_other(queue_url: str) -> None:
    stub = Stub()
    put(queue_url, *[f"MSG-{n}" for n in range(12)])
    functions = Functions(
        stub, queue_url=queue_url, now=lambda: NOON, is_ending=lambda: bool(stub.batches)
    )
    delivered = functions.deliver_queue()
    assert [len(batch) for batch in stub.batches] == [delivered]
    assert functions.deliver_queue() == 0


def test_a_tick_knows_its_time(queue_url: str) -> None:
    stub = Stub()
    Functions(stub, queue_url=queue_url, now=lambda: NOON).tick()
    assert stub.ticked == ["2026-12-01T12:00:00Z"]


def test_a_function_that_raises_is_told_by_its_type_alone(
    queue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    functions = Functions(Stub(fails=True), queue_url=queue_url, now=lambda: NOON)
    put(queue_url, "MSG-1")
    functions.tick()
    assert functions.deliver_queue() == 1
    told = capsys.readouterr().err
    assert (
        told == "bookend: tick ended with RuntimeError\nbookend: deliver ended with RuntimeError\n"
    )
