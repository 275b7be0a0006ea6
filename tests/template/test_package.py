"""What would be deployed: the template that `make package` makes, without its pip downloads."""

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import Settings
from tests.template.packaging import COMMANDS, PROJECT, package

LOG_AND_SECRETS = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "secretsmanager:GetSecretValue",
}
DECIDE = {
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
}
FUNCTIONS = {"APIHandler", "Tick", "Deliver", "MailEvent"}
NUDGE = {"sqs:SendMessage"}
SEND_MAIL = {
    "ses:SendEmail",
    "ses:SendRawEmail",  # asked for when a mail is raw MIME, in version 2 of the API as well
}
TAKE_NUDGES = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
# A tick hears what the webhook missed, and what a patient's text causes forgets no row.
HEAR = DECIDE - {"dynamodb:DeleteItem"}
ALLOWED_BY_ROLE = {
    "ApiHandlerRole": LOG_AND_SECRETS | DECIDE | NUDGE,
    "TickRole": LOG_AND_SECRETS | HEAR | NUDGE,
    "MailEventRole": LOG_AND_SECRETS
    | DECIDE - {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"}
    | NUDGE,
    "DeliverRole": LOG_AND_SECRETS | DECIDE | NUDGE | TAKE_NUDGES | SEND_MAIL,
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package("prod", tmp_path_factory.mktemp("prod"))


@pytest.fixture(scope="module")
def template(bundle: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((bundle / "sam.json").read_text())
    return made


@pytest.fixture
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def test_cloudformation_would_accept_the_template(bundle: Path) -> None:
    ran = subprocess.run(
        [COMMANDS / "cfn-lint", bundle / "sam.json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout


def test_dev_differs_from_prod_by_its_name_alone(tmp_path: Path, template: dict[str, Any]) -> None:
    dev = (package("dev", tmp_path) / "sam.json").read_text()

    renamed = dev.replace('"STAGE": "dev"', '"STAGE": "prod"').replace("stage=dev", "stage=prod")
    assert json.loads(renamed.replace('"dev"', '"prod"').replace("/dev/", "/prod/")) == template


@pytest.mark.parametrize(
    ("function", "memory", "timeout"),
    [("APIHandler", 512, 29), ("Tick", 512, 50), ("Deliver", 512, 60), ("MailEvent", 512, 30)],
)
def test_each_function_has_its_own_limits(
    resources: dict[str, Any], function: str, memory: int, timeout: int
) -> None:
    properties = resources[function]["Properties"]

    assert (properties["MemorySize"], properties["Timeout"]) == (memory, timeout)
    # It would throttle the poller and fill the dead-letter queue.
    assert "ReservedConcurrentExecutions" not in properties


def test_there_are_four_functions(resources: dict[str, Any]) -> None:
    kind = "AWS::Serverless::Function"
    functions = {name for name, made in resources.items() if made["Type"] == kind}

    assert functions == FUNCTIONS


@pytest.mark.parametrize("role", ALLOWED_BY_ROLE)
def test_a_function_may_do_what_it_does_and_nothing_else(
    resources: dict[str, Any], role: str
) -> None:
    [policy] = resources[role]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    allowed = {action for statement in statements for action in statement["Action"]}
    assert allowed == ALLOWED_BY_ROLE[role]
    assert all(statement["Resource"] != "*" for statement in statements)


def test_deliver_takes_from_our_queue_a_few_at_a_time(resources: dict[str, Any]) -> None:
    [source] = resources["Deliver"]["Properties"]["Events"].values()

    assert source["Properties"]["Queue"] == {"Fn::Sub": "${Outbox.Arn}"}
    assert source["Properties"]["ScalingConfig"] == {
        "MaximumConcurrency": {"Ref": "CouriersAtOnce"}
    }


def test_what_ses_tells_of_our_mails_reaches_the_function(resources: dict[str, Any]) -> None:
    [subscription] = resources["MailEvent"]["Properties"]["Events"].values()
    destination = resources["MailsThatComeBack"]["Properties"]["EventDestination"]

    assert subscription["Properties"] == {"Topic": {"Fn::Sub": "${MailEvents}"}}
    assert destination["SnsDestination"] == {"TopicARN": {"Ref": "MailEvents"}}
    assert {"bounce", "complaint"} <= set(destination["MatchingEventTypes"])


def test_a_nudge_stays_hidden_for_longer_than_deliver_may_run(resources: dict[str, Any]) -> None:
    hidden = resources["Outbox"]["Properties"]["VisibilityTimeout"]

    assert hidden >= 6 * resources["Deliver"]["Properties"]["Timeout"]


def test_every_log_belongs_to_a_function(resources: dict[str, Any]) -> None:
    logs = [made for made in resources.values() if made["Type"] == "AWS::Logs::LogGroup"]

    names = {log["Properties"]["LogGroupName"]["Fn::Sub"] for log in logs}
    assert names == {f"/aws/lambda/${{{name}}}" for name in FUNCTIONS}


def test_the_table_outlives_the_stack_and_is_ours_to_read(resources: dict[str, Any]) -> None:
    table = resources["Table"]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert resources["TableKey"]["DeletionPolicy"] == "Retain"
    assert table["Properties"]["SSESpecification"]["KMSMasterKeyId"]["Fn::GetAtt"][0] == "TableKey"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_silence_of_the_ticks_is_an_alarm(resources: dict[str, Any]) -> None:
    alarm = resources["TicksStopped"]["Properties"]

    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Tick"}}]
    assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_a_dead_letter_is_an_alarm(resources: dict[str, Any]) -> None:
    alarm = resources["DeadLettersWait"]["Properties"]

    [dimension] = alarm["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["OutboxDeadLetters", "QueueName"]}
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def filters(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    kind = "AWS::Logs::MetricFilter"
    found = [made["Properties"] for made in resources.values() if made["Type"] == kind]
    return {made["MetricTransformations"][0]["MetricName"]: made for made in found}


def test_every_event_that_is_counted_is_one_that_the_service_logs(
    resources: dict[str, Any],
) -> None:
    source = "".join(file.read_text() for file in (PROJECT / "chalicelib").rglob("*.py"))
    names = [
        re.findall(r'[$][.]message = "([^"]+)"', made["FilterPattern"])
        for made in filters(resources).values()
    ]

    assert len(names) == 8
    for (name,) in names:
        assert re.search(rf'log[.](info|warning|error)[(]\s*"{name}"', source), name


def test_what_is_counted_is_what_the_alarms_watch(resources: dict[str, Any]) -> None:
    alarms = [
        made["Properties"]
        for made in resources.values()
        if made["Type"] == "AWS::CloudWatch::Alarm"
    ]
    ours = [alarm["MetricName"] for alarm in alarms if isinstance(alarm.get("Namespace"), dict)]
    joined = [
        part["MetricStat"]["Metric"]["MetricName"]
        for alarm in alarms
        for part in alarm.get("Metrics", [])
        if "MetricStat" in part
    ]

    assert sorted([*ours, *joined]) == sorted(filters(resources))


def test_texts_without_receipts_are_an_alarm(resources: dict[str, Any]) -> None:
    alarm = resources["ReceiptsMissing"]["Properties"]

    *counted, compared = alarm["Metrics"]
    assert [part["Id"] for part in counted] == ["accepted", "receipts"]
    assert "receipts, 0) * 4 < FILL(accepted" in compared["Expression"]
    assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_the_gateways_own_answers_carry_our_headers(resources: dict[str, Any]) -> None:
    answers = resources["RestAPI"]["Properties"]["GatewayResponses"]

    assert answers["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == 404  # an unknown path
    for answer in answers.values():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Cache-Control"] == "'no-store'"
        assert headers["Referrer-Policy"] == "'same-origin'"
        assert headers["X-Content-Type-Options"] == "'nosniff'"


def test_no_secret_is_in_the_template(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]

    assert not {"LINK_KEYS", "TWILIO_AUTH_TOKEN"} & set(variables)
    assert variables["SECRETS_ID"] == {"Ref": "SecretsArn"}


def test_every_setting_that_has_no_default_comes_from_the_template_or_the_secrets(
    template: dict[str, Any],
) -> None:
    given = set(template["Globals"]["Function"]["Environment"]["Variables"]) - {"SECRETS_ID"}
    known = {name.upper(): field for name, field in Settings.model_fields.items()}

    assert given <= set(known)
    assert {name for name, field in known.items() if field.is_required()} <= given | {
        "STAGE",  # Chalice's own, see the next test
        "LINK_KEYS",
        "TWILIO_AUTH_TOKEN",
    }
    # Whoever deploys says these, each time for the first time.
    for name in ("BaseUrl", "SecretsArn", "AwsBaaSigned", "TwilioBaaSigned", "NumberRegistered"):
        assert "Default" not in template["Parameters"][name]


def test_every_function_knows_its_stage(resources: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        variables = resources[name]["Properties"]["Environment"]["Variables"]
        assert variables["STAGE"] == "prod"


def test_only_the_service_is_deployed(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / "deployment.zip") as deployed:
        tops = {name.partition("/")[0] for name in deployed.namelist()}

    assert tops <= {"app.py", "chalicelib", "chalice"}


def test_the_clinic_s_files_and_every_language_s_are_deployed(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / "deployment.zip") as deployed:
        names = set(deployed.namelist())

    data = [*(PROJECT / "chalicelib").rglob("*.toml")]
    assert len(data) > 10
    assert {str(file.relative_to(PROJECT)) for file in data} <= names
