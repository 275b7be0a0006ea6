"""What a deployed stage does not take as a setting, and that all of it is said at once (R59)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Settings
from chalicelib.stages import faults
from local.run import environment
from tests.builders.settings import production, unguessable
from tests.world import SETTINGS

ROOT = Path(__file__).parent.parent
#: Folders and files whose every word is published.
OURS = ("app.py", "README.md", ".ci", ".chalice", "chalicelib", "docs", "local", "tests")
SECRET = re.compile(r"(?:keys|auth_token)\"?\s*[:=]\s*\(?\s*[rbf]?\"([^\"\n]+)\"", re.IGNORECASE)


def told(environment: dict[str, str]) -> str:
    """Why these settings are refused."""
    with pytest.raises(Unavailable) as refused:
        Settings.from_environment(environment)
    return str(refused.value)


def without(name: str) -> dict[str, str]:
    return {other: value for other, value in production().items() if other != name}


LOCAL_KEY = environment(8000, 8001)["LINK_KEYS"]
#: Neither stage that is deployed takes these.
DEPLOYED = [
    pytest.param({"LINK_KEYS": "k"}, "LINK_KEYS", id="a one-letter key"),
    pytest.param({"LINK_KEYS": unguessable("a")[:31]}, "LINK_KEYS", id="a key of 31 bytes"),
    pytest.param({"LINK_KEYS": LOCAL_KEY}, "LINK_KEYS", id="the key of make run"),
    pytest.param(
        {"LINK_KEYS": f"my-{LOCAL_KEY.upper()}"}, "LINK_KEYS", id="a published key in a longer one"
    ),
    pytest.param({"LINK_KEYS": "k" * 64}, "LINK_KEYS", id="one letter, many times"),
    pytest.param({"LINK_KEYS": "9f8a6c1e4b7d2035" * 4}, "LINK_KEYS", id="a few letters, again"),
    pytest.param(
        {"LINK_KEYS": "0123456789abcdefghijklmnopqrstuvwxyz"}, "LINK_KEYS", id="letters in a row"
    ),
    pytest.param(
        {"LINK_KEYS": f"{unguessable('new')},k"}, "LINK_KEYS", id="an older key that is short"
    ),
    pytest.param(
        {"TWILIO_AUTH_TOKEN": environment(8000, 8001)["TWILIO_AUTH_TOKEN"]},
        "TWILIO_AUTH_TOKEN",
        id="the token of make run",
    ),
    pytest.param({"TWILIO_AUTH_TOKEN": "t" * 32}, "TWILIO_AUTH_TOKEN", id="a token of one letter"),
    pytest.param({"BASE_URL": "http://book.cottonwood.arpa"}, "BASE_URL", id="http"),
    pytest.param({"BASE_URL": "https://127.0.0.1:8000"}, "BASE_URL", id="loopback"),
    pytest.param({"BASE_URL": "https://localhost"}, "BASE_URL", id="localhost"),
    pytest.param({"BASE_URL": "https://[::1]"}, "BASE_URL", id="loopback of version 6"),
    pytest.param({"BASE_URL": "https://10.0.0.7"}, "BASE_URL", id="a private network"),
    pytest.param({"BASE_URL": "https://[half"}, "BASE_URL", id="half an address"),
    pytest.param({"BASE_URL": "https://intranet"}, "BASE_URL", id="a name of one network"),
    pytest.param({"BASE_URL": "https://a:b@cottonwood.arpa"}, "BASE_URL", id="a password in it"),
    pytest.param({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS", id="every origin"),
    pytest.param(
        {"ALLOWED_ORIGINS": "https://cottonwood.arpa/"}, "ALLOWED_ORIGINS", id="origin with a path"
    ),
    pytest.param({"TWILIO_API_URL": "http://api.twilio.com"}, "TWILIO_API_URL", id="API by http"),
]
#: A stage for trials takes these, and production does not.
TRIED = [
    pytest.param({"BASE_URL": "https://book.example.com"}, "BASE_URL", id="an example's address"),
    pytest.param({"BASE_URL": "https://book.clinic.example"}, "BASE_URL", id="a documented name"),
    pytest.param({"EMAIL_FROM": "clinic@example.com"}, "EMAIL_FROM", id="an example's mailbox"),
    pytest.param({"EMAIL_FROM": "a@mail.clinic.test"}, "EMAIL_FROM", id="a test's mailbox"),
    pytest.param(
        {"ALLOWED_ORIGINS": "http://localhost:3000"}, "ALLOWED_ORIGINS", id="a page by http"
    ),
    pytest.param(
        {"ALLOWED_ORIGINS": "https://www.example.org"}, "ALLOWED_ORIGINS", id="an example's page"
    ),
    pytest.param({"TWILIO_API_URL": "http://127.0.0.1:8002"}, "TWILIO_API_URL", id="a stand-in"),
    pytest.param(
        {"TWILIO_API_URL": "https://api.twilio.com.cottonwood.arpa"},
        "TWILIO_API_URL",
        id="another's API",
    ),
    pytest.param({"TWILIO_FROM": "+15005550006"}, "TWILIO_FROM", id="Twilio's test number"),
    pytest.param({"TWILIO_FROM": "+13165550100"}, "TWILIO_FROM", id="a number of fiction"),
    pytest.param({"TWILIO_FROM": "MG" + "0" * 32}, "TWILIO_FROM", id="a service of noughts"),
    pytest.param(
        {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32}, "TWILIO_ACCOUNT_SID", id="account of noughts"
    ),
    pytest.param(
        {"TWILIO_ACCOUNT_SID": environment(8000, 8001)["TWILIO_ACCOUNT_SID"]},
        "TWILIO_ACCOUNT_SID",
        id="the account of make run",
    ),
    pytest.param({"MAIL_CONFIGURATION_SET": ""}, "MAIL_CONFIGURATION_SET", id="bounces unheard"),
    pytest.param({"AWS_BAA_SIGNED": "false"}, "AWS_BAA_SIGNED", id="no agreement with AWS"),
    pytest.param({"AWS_BAA_SIGNED": ""}, "AWS_BAA_SIGNED", id="nothing said of one with AWS"),
    pytest.param({"TWILIO_BAA_SIGNED": ""}, "TWILIO_BAA_SIGNED", id="no agreement with Twilio"),
    pytest.param({"NUMBER_REGISTERED": ""}, "NUMBER_REGISTERED", id="a number not registered"),
]


def test_production_takes_settings_that_are_its_own() -> None:
    settings = Settings.from_environment(production())

    assert settings.stage == "prod"
    assert settings.twilio_api_url == "https://api.twilio.com"


@pytest.mark.parametrize(
    "given",
    [
        {"TWILIO_API_URL": "https://api.dublin.ie1.twilio.com"},
        {"TWILIO_FROM": "+13165551212"},
        {"ALLOWED_ORIGINS": ""},
        {"LINK_KEYS": urlsafe_b64encode(sha256(b"key").digest()).decode()},
    ],
    ids=["a region of Twilio", "a number of its own", "no other page", "a key in base 64"],
)
def test_production_takes_what_is_meant(given: dict[str, str]) -> None:
    assert Settings.from_environment(production(**given)).stage == "prod"


@pytest.mark.parametrize("stage", ["prod", "dev"])
@pytest.mark.parametrize(("given", "name"), DEPLOYED)
def test_no_stage_but_the_local_one_takes(stage: str, given: dict[str, str], name: str) -> None:
    said = told(production(STAGE=stage, **given))

    assert re.findall(r"[A-Z_]{5,}", said) == [name]


@pytest.mark.parametrize(("given", "name"), TRIED)
def test_production_does_not_take(given: dict[str, str], name: str) -> None:
    assert re.findall(r"[A-Z_]{5,}", told(production(**given))) == [name]


@pytest.mark.parametrize(("given", "name"), TRIED)
def test_a_stage_for_trials_takes(given: dict[str, str], name: str) -> None:
    assert Settings.from_environment(production(STAGE="dev", **given)).stage == "dev"


@pytest.mark.parametrize(
    "name", ["LINK_KEYS", "TWILIO_AUTH_TOKEN", "BASE_URL", "TABLE_NAME", "EMAIL_FROM", "STAGE"]
)
def test_what_is_missing_is_named(name: str) -> None:
    assert name in told(without(name))


def test_every_fault_is_told_at_once_and_no_value_of_any() -> None:
    wrong = {
        "LINK_KEYS": "planted-key",
        "TWILIO_AUTH_TOKEN": "planted-token-" + "t" * 32,
        "BASE_URL": "http://planted.example",
        "EMAIL_FROM": "planted@example.com",
        "ALLOWED_ORIGINS": "http://planted.example",
        "TWILIO_API_URL": "http://planted.example",
        "TWILIO_FROM": "+15005550006",
        "DUE_SHARDS": "planted",
    }
    missing = ("TABLE_NAME", "AWS_BAA_SIGNED", "MAIL_CONFIGURATION_SET")
    said = told({n: v for n, v in production(**wrong).items() if n not in missing})

    assert set(re.findall(r"[A-Z_]{5,}", said)) == {*wrong, *missing}
    assert "planted" not in said
    assert "5005550006" not in said


def test_what_is_wrong_with_a_setting_is_said_beside_its_name() -> None:
    said = told(production(LINK_KEYS=unguessable("short")[:31]))

    assert "LINK_KEYS (a key has fewer than 32 bytes)" in said
    assert "NUMBER_REGISTERED (not confirmed)" in told(production(NUMBER_REGISTERED="false"))


def test_the_local_stage_never_runs_in_the_cloud() -> None:
    at_home = environment(8000, 8001) | {"TABLE_NAME": "table", "QUEUE_URL": "queue"}
    assert Settings.from_environment(at_home).stage == "local"

    assert "STAGE" in told(at_home | {"AWS_LAMBDA_FUNCTION_NAME": "bookend-Tick"})


def test_every_secret_that_stands_in_this_repository_opens_nothing_elsewhere() -> None:
    roots = [ROOT / name for name in OURS]
    files = [each for root in roots for each in ([root] if root.is_file() else root.rglob("*"))]
    texts = [
        file.read_text(encoding="utf-8")
        for file in files
        if file.suffix in {".py", ".md", ".json", ".toml", ".html", ".js", ".txt"}
    ]
    found = {part for text in texts for given in SECRET.findall(text) for part in given.split(",")}

    assert {LOCAL_KEY, SETTINGS.link_keys[0], SETTINGS.twilio_auth_token} <= found
    assert [each for each in found if not faults("link_keys", (each,), "prod")] == []
