"""What the story masks, and how two tellings are compared. `python -m tests.story` tells it."""

from pathlib import Path

from chalicelib.adapters.links import SignedLinks
from tests.story.__main__ import compare
from tests.story.masks import masked
from tests.world import NOON, SETTINGS


def test_what_is_random_is_masked_and_what_is_the_same_stays_the_same() -> None:
    said = "APT-7K2M9Q4X1B, APT-0000000000 and APT-7K2M9Q4X1B at 2027-11-01T15:02:00.233000+00:00"
    masks = "<APT 1>, <APT 2> and <APT 1> at 2027-11-01T15:02<seconds>+00:00"
    assert masked(said) == masks


def test_a_link_of_the_staff_still_says_whose_it_is_and_what_it_leads_to() -> None:
    links = SignedLinks(base_url=SETTINGS.base_url, keys=SETTINGS.link_keys)
    token = links.staff_token(subject_id="APT-7K2M9Q4X1B", staff_id="nurse", now=NOON)
    assert masked(f'href="/s/{token}"') == 'href="/s/<signed <APT 1> nurse>"'


def test_words_and_minutes_are_left_as_they_are() -> None:
    said = "Cottonwood Clinic: REQ, 9:00 AM, 316-555-0142, /static/staff.css?v=ad42146fdce4"
    assert masked(said) == said


def test_a_page_that_differs_or_is_missing_is_told(tmp_path: Path) -> None:
    for folder, words in {"before": "promised", "after": "due"}.items():
        (tmp_path / folder / "mails").mkdir(parents=True)
        (tmp_path / folder / "mails" / "one.txt").write_text(words)
    assert compare(tmp_path / "before", tmp_path / "after") == 1
    assert compare(tmp_path / "before", tmp_path / "before") == 0
    assert compare(tmp_path / "before", tmp_path / "nothing") == 1
