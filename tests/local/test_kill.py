"""The run ends at the armed point of a delivery, once, and nowhere else."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.ports import Accepted, FailureClass, OutcomeUnknown, ProviderText, Refused
from local.kill import KillableTexts, KillSwitch

ROOT = Path(__file__).resolve().parents[2]


class Provider:
    """A text sender that writes down when it was called."""

    def __init__(self, story: list[str], fails: Exception | None = None) -> None:
        self.story = story
        self.fails = fails

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        self.story.append("sent")
        if self.fails:
            raise self.fails
        return Accepted(sid="SM1", status="queued")

    def sent_to(self, number: str) -> list[ProviderText]:
        return []

    def fetch(self, sid: str) -> ProviderText | None:
        return None

    def failure_class_of(self, code: int | None) -> FailureClass:
        return FailureClass.PERMANENT

    def status_of(self, word: str) -> MessageStatus:
        return MessageStatus.SENT


def deliver(point: str, *, times: int = 1, fails: Exception | None = None) -> list[str]:
    story: list[str] = []
    switch = KillSwitch(end=lambda: story.append("ended"))
    texts = KillableTexts(texts=Provider(story, fails), switch=switch)
    switch.arm(point)
    for _ in range(times):
        texts.send(
            to="+13165550142", body="x", status_callback="http://x", validity=timedelta(hours=1)
        )
    return story


def test_after_claim_is_before_the_provider_is_called() -> None:
    assert deliver("after_claim") == ["ended", "sent"]


def test_before_settle_is_after_the_provider_answered() -> None:
    assert deliver("before_settle") == ["sent", "ended"]


def test_another_point_is_passed_by() -> None:
    assert deliver("after_accept") == ["sent"]


def test_it_goes_off_once() -> None:
    assert deliver("before_settle", times=2) == ["sent", "ended", "sent"]


@pytest.mark.parametrize(
    ("fails", "story"),
    [(Refused(FailureClass.PERMANENT), ["sent", "ended"]), (OutcomeUnknown(), ["sent"])],
    ids=["a refusal is an answer", "silence is not"],
)
def test_what_counts_as_an_answer(fails: Exception, story: list[str]) -> None:
    told: list[str] = []
    switch = KillSwitch(end=lambda: told.append("ended"))
    switch.arm("before_settle")
    texts = KillableTexts(texts=Provider(told, fails), switch=switch)
    with pytest.raises(type(fails)):
        texts.send(
            to="+13165550142", body="x", status_callback="http://x", validity=timedelta(hours=1)
        )
    assert told == story


def test_make_ends_as_after_kill_9(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    code = "from local.kill import end_the_run; end_the_run()"
    makefile.write_text(f"run:\n\t@exec {sys.executable} -c '{code}'\n")
    ended = subprocess.run(
        ["make", "-f", str(makefile), "run"], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}
    )
    assert ended.returncode == -signal.SIGKILL
