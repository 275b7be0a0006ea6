"""The settings, and the secrets that Secrets Manager keeps for them."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Settings
from local.run import environment

KEPT = {"LINK_KEYS": "a-key-that-is-kept-elsewhere,an-older-one", "TWILIO_AUTH_TOKEN": "t" * 32}


def stage(**changes: str) -> dict[str, str]:
    """A stage's environment without its secrets."""
    found = environment(8000, 8001) | {"TABLE_NAME": "table", "QUEUE_URL": "queue"}
    return (
        {name: v for name, v in found.items() if name not in KEPT} | {"SECRETS_ID": "s"} | changes
    )


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("secretsmanager")


def test_secrets_come_from_where_they_are_kept(secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString=json.dumps(KEPT))
    settings = Settings.from_environment(stage())
    assert settings.link_keys == ("a-key-that-is-kept-elsewhere", "an-older-one")
    assert settings.twilio_auth_token == "t" * 32


@pytest.mark.parametrize("kept", [None, "PLANTED", '["PLANTED"]', '"PLANTED"', "{}", ""])
def test_without_readable_secrets_there_are_no_settings_and_nothing_is_told(
    secrets: Any, kept: str | None
) -> None:
    if kept:
        secrets.create_secret(Name="s", SecretString=kept)
    with pytest.raises(Unavailable) as told:
        Settings.from_environment(stage())
    assert "PLANTED" not in repr(told.value)
    assert told.value.__cause__ is None


def test_no_secret_has_a_default() -> None:
    for name in KEPT:
        whole = environment(8000, 8001) | {"TABLE_NAME": "table", "QUEUE_URL": "queue"}
        del whole[name]
        with pytest.raises(Unavailable, match=name):
            Settings.from_environment(whole)


def test_nobody_answering_is_known_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries end long before the 29 seconds of a request."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", address)
        with pytest.raises(Unavailable, match="cannot be read"):
            Settings.from_environment(stage())


def rotated(secrets: Any, token: str) -> None:
    secrets.put_secret_value(
        SecretId="s", SecretString=json.dumps(KEPT | {"TWILIO_AUTH_TOKEN": token})
    )


@pytest.fixture
def container(secrets: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A container that has built its services with the secrets of then."""
    secrets.create_secret(Name="s", SecretString=json.dumps(KEPT))
    for name, value in stage().items():
        monkeypatch.setenv(name, value)
    for name in KEPT:
        monkeypatch.delenv(name, raising=False)
    wiring.provide(None)
    assert wiring.services().settings.twilio_auth_token == "t" * 32
    yield secrets
    wiring.provide(None)


def test_a_warm_container_learns_of_a_rotated_secret_in_five_minutes(
    container: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wiring.services()
    rotated(container, "n" * 32)
    assert wiring.services() is first
    monkeypatch.setattr(wiring, "REREAD", timedelta(0))
    assert wiring.services().settings.twilio_auth_token == "n" * 32


def test_a_warm_container_keeps_what_it_knows_when_nothing_is_new_or_can_be_read(
    container: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wiring.services()
    monkeypatch.setattr(wiring, "REREAD", timedelta(0))
    assert wiring.services() is first
    container.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert wiring.services() is first
