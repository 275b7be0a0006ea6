"""Every alarm of the template: its metric is measured, its fault sets it off, a good day not."""

import dataclasses
import json
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.ports import OutcomeUnknown
from tests.events import SCHEDULED, call
from tests.template.cloudwatch import Series, always_fires, calculated, counted, ever_fires
from tests.template.packaging import package
from tests.web.browser import browsing
from tests.world import World

MINUTE, HALF, HOUR, DAY = 60, 1800, 3600, 86400
ALARM, FILTER = "AWS::CloudWatch::Alarm", "AWS::Logs::MetricFilter"
STACK = {"Ref": "AWS::StackName"}

Resources = dict[str, Any]
Measured = Callable[[Resources], Series]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    template = package("prod", tmp_path_factory.mktemp("alarms")) / "sam.json"
    found: Resources = json.loads(template.read_text())["Resources"]
    return found


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: made["Properties"] for name, made in resources.items() if made["Type"] == kind}


def filter_of(resources: Resources, metric: str) -> dict[str, Any]:
    """The filter that makes this metric from a log."""
    [found] = [
        made
        for made in of_type(resources, FILTER).values()
        if made["MetricTransformations"][0]["MetricName"] == metric
    ]
    return found


def ticks(minutes: int) -> list[float]:
    """When the schedule sends them: some seconds early or late, so that now and then a minute has
    none and the next has two."""
    chance = random.Random(108)
    return sorted(n * MINUTE + chance.uniform(-40, 40) for n in range(1, minutes + 1))


def at(*seconds: float) -> Measured:
    """One was counted at each of these."""
    return lambda _: [(second, 1) for second in seconds]


class Lines(logging.Handler):
    """The lines of a log, as a metric filter sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append({**vars(record), "message": record.getMessage()})


@contextmanager
def listening() -> Iterator[list[dict[str, Any]]]:
    """What the service logs meanwhile."""
    handler, logger = Lines(), logging.getLogger("bookend")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)


class Silent:
    """Implements ports.TextInbox: the provider does not answer."""

    def received_since(self, _: object) -> list[Any]:
        raise OutcomeUnknown("no answer")


class Broken:
    """A store that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("the table")


def ticks_without_a_list(minutes: int, *, of: int) -> Measured:
    """So many minutes in which Twilio does not answer the ticks, and then it does."""

    def measured(resources: Resources) -> Series:
        watched = filter_of(resources, "InboxUnlisted")
        assert watched["LogGroupName"] == {"Ref": "TickLogGroup"}
        world, series = World(), []
        began, heard, silent = world.clock.at, world.services, Silent()
        deaf = dataclasses.replace(heard, text_inbox=silent)  # type: ignore[arg-type]
        for second in ticks(of):
            world.clock.at = began + timedelta(seconds=second)
            wiring.provide(deaf if second < minutes * MINUTE else heard)
            with listening() as lines:
                call("tick", SCHEDULED)
            series += [(second, float(counted(watched["FilterPattern"], line))) for line in lines]
        wiring.provide(None)
        return series

    return measured


def answers(*, store: Any = None) -> Measured:
    """Somebody opens the form, and somebody sends it: what API Gateway counts of the answers."""

    def measured(_: Resources) -> Series:
        world = World()
        if store is not None:
            world.services = dataclasses.replace(world.services, store=store)
        with browsing(world) as browser:
            statuses = [
                browser.get("/request").status_code,
                browser.json("/requests", {"name": "Ana Example"}).status_code,
                browser.get("/v/any").status_code,
                browser.get("/nothing").status_code,
            ]
        return [(HALF + n, float(status >= 500)) for n, status in enumerate(statuses)]

    return measured


def refused_webhooks(*seconds: float) -> Measured:
    def measured(resources: Resources) -> Series:
        watched = filter_of(resources, "WebhooksRefused")
        assert watched["LogGroupName"] == {"Ref": "ApiHandlerLogGroup"}
        with browsing(World()) as browser, listening() as lines:
            answer = browser.twilio("/twilio/inbound", [("Body", "C")], signature="another")
        assert answer.status_code == 403
        count = sum(counted(watched["FilterPattern"], line) for line in lines)
        return [(second, float(count)) for second in seconds]

    return measured


def failing_ticks(fails: Callable[[float], bool]) -> Measured:
    return lambda _: [(second, float(fails(second))) for second in ticks(60)]


SIX_HOURLY = at(*range(0, 5 * DAY, 6 * HOUR))
#: By alarm: what is measured when it must fire, on a day when it must not, and how long it watches.
DAYS: dict[str, tuple[Measured, Measured, float]] = {
    "DeadLettersWait": (at(*range(0, HOUR, MINUTE)), at(), HOUR),
    "TicksStopped": (at(*ticks(10)), at(*ticks(62)), HOUR),
    "TicksFail": (
        failing_ticks(lambda second: 20 * MINUTE < second < 30 * MINUTE),
        failing_ticks(lambda second: 20 * MINUTE < second < 21 * MINUTE),
        HOUR,
    ),
    "DeliverFails": (at(HALF), at(), HOUR),
    "MailEventFails": (at(HALF), at(), HOUR),
    "RequestsFail": (answers(store=Broken()), answers(), HOUR),
    "StaffCannotBeMailed": (at(HALF), at(), HOUR),
    "MailsNotTaken": (at(HALF), at(), HOUR),
    "TextWasRepeated": (at(HALF), at(), HOUR),
    "WebhooksAreRefused": (
        refused_webhooks(*range(0, 4 * HOUR, 10 * MINUTE)),
        refused_webhooks(HALF, HALF + MINUTE),
        4 * HOUR,
    ),
    "InboxCannotBeListed": (
        ticks_without_a_list(50, of=60),
        ticks_without_a_list(20, of=60),
        HOUR,
    ),
    "WordsAreKeptTooLong": (SIX_HOURLY, at(100, DAY), 6 * DAY),
}
CALCULATED = "ReceiptsMissing"


def test_every_alarm_is_put_to_the_test(resources: Resources) -> None:
    assert {*DAYS, CALCULATED} == set(of_type(resources, ALARM))


@pytest.mark.parametrize("name", DAYS)
def test_its_fault_sets_an_alarm_off(resources: Resources, name: str) -> None:
    faulty, _, watched = DAYS[name]

    assert always_fires(resources[name]["Properties"], faulty(resources), until=watched)


@pytest.mark.parametrize("name", DAYS)
def test_a_good_day_sets_no_alarm_off(resources: Resources, name: str) -> None:
    _, good, watched = DAYS[name]

    assert not ever_fires(resources[name]["Properties"], good(resources), until=watched)


@pytest.mark.parametrize(
    ("accepted", "receipts", "is_missing"),
    [
        pytest.param(20, 20, False, id="each has one"),
        pytest.param(20, 5, False, id="one of four"),
        pytest.param(20, 4, True, id="fewer"),
        pytest.param(5, None, True, id="none at all"),
        pytest.param(4, None, False, id="too few texts to tell"),
        pytest.param(None, None, False, id="no texts"),
        pytest.param(None, 9, False, id="receipts of an hour ago"),
    ],
)
def test_receipts_that_are_missing_are_an_alarm(
    resources: Resources, accepted: float | None, receipts: float | None, is_missing: bool
) -> None:
    alarm = resources[CALCULATED]["Properties"]
    *counts, compared = alarm["Metrics"]
    sums = dict(zip([part["Id"] for part in counts], (accepted, receipts), strict=True))

    value = calculated(compared["Expression"], sums)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (value >= alarm["Threshold"]) is is_missing


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """What an alarm watches, each with its namespace, name and dimensions."""
    parts = [
        part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part
    ]
    return parts or [alarm]


def named_by(resources: Resources, value: Any) -> tuple[str, str]:
    """The type of the resource that a dimension's value comes from, and which of its values."""
    if "Ref" in value:
        return resources[value["Ref"]]["Type"], "its name"
    name, attribute = value["Fn::GetAtt"]
    return resources[name]["Type"], attribute


def test_every_metric_that_an_alarm_watches_is_measured_of_something_that_exists(
    resources: Resources,
) -> None:
    """What AWS measures by itself, and of what, is as its documentation says."""
    function = {"FunctionName": ("AWS::Serverless::Function", "its name")}
    queue = {"QueueName": ("AWS::SQS::Queue", "QueueName")}
    measured = {
        ("AWS/Lambda", "Errors"): function,
        ("AWS/Lambda", "Invocations"): function,
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): queue,
    }
    for alarm in of_type(resources, ALARM).values():
        for metric in metrics(alarm):
            space, name = metric["Namespace"], metric["MetricName"]
            dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
            if space == STACK:
                assert filter_of(resources, name)["LogGroupName"]["Ref"] in resources
                assert dimensions == {}
            elif space == "AWS/ApiGateway":
                assert name == "5XXError"
                assert dimensions == {"ApiName": api_name(resources)}
            else:
                of = {key: named_by(resources, value) for key, value in dimensions.items()}
                assert of == measured[space, name]


def api_name(resources: Resources) -> Any:
    """The API's, by which its metrics are kept. Stacks in one account must not share theirs."""
    api = resources["RestAPI"]["Properties"]
    assert api["Name"] == api["DefinitionBody"]["info"]["title"] == STACK
    return api["Name"]


def test_every_alarm_reaches_somebody_and_is_one_that_cloudwatch_takes(
    resources: Resources,
) -> None:
    for name, alarm in of_type(resources, ALARM).items():
        period = alarm.get("Period", HOUR)
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}], name
        # PutMetricAlarm: seven days in all, one when the periods are shorter than an hour.
        assert period * alarm["EvaluationPeriods"] <= (7 * DAY if period >= HOUR else DAY), name
        assert alarm["AlarmDescription"], name


def test_the_functions_that_answer_nobody_raise_an_alarm_by_their_errors(
    resources: Resources,
) -> None:
    watched = {
        metric["Dimensions"][0]["Value"]["Ref"]
        for alarm in of_type(resources, ALARM).values()
        for metric in metrics(alarm)
        if (metric["Namespace"], metric["MetricName"]) == ("AWS/Lambda", "Errors")
    }

    # What goes wrong with a request is an answer, also when its function dies: a 5xx of the API.
    assert watched == set(of_type(resources, "AWS::Serverless::Function")) - {"APIHandler"}
