"""A test that fails shows which message, patient or visit its log lines are about."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.fixture
def failing(pytester: pytest.Pytester) -> str:
    """What is printed of a test that fails after a line of the service's own log."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(
        """
        import logging
        from aws_lambda_powertools import Logger

        def test_it():
            log = Logger(service="bookend", child=True)
            log.info("message.sent", extra={"message_id": "APT-1.v1-ride", "attempt": 2})
            log.error("100%% of %s", "it")
            assert False
        """
    )
    return pytester.runpytest_subprocess("-p", "no:cacheprovider").stdout.str()


def test_a_failing_test_shows_the_ids_of_its_log_lines(failing: str) -> None:
    (line,) = (line for line in failing.splitlines() if "message.sent" in line and "INFO" in line)
    assert line.endswith("message.sent message_id=APT-1.v1-ride attempt=2")


def test_a_line_without_ids_is_as_it_was(failing: str) -> None:
    (line,) = (line for line in failing.splitlines() if "ERROR" in line)
    assert line.endswith("100% of it")
