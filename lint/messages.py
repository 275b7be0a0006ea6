"""`python -m lint.messages`: checks catalogue, mails and reply words against R21-R27, R41, R72."""

import json
import sys
from collections.abc import Iterator

from chalicelib.domain.messaging.task import RULES, TaskKind
from chalicelib.languages import languages
from chalicelib.messages import catalogue
from chalicelib.messages.catalogue import Catalogue, load_catalogue
from chalicelib.messages.emails import FOLDER, email_kinds
from chalicelib.messages.letters import letters
from chalicelib.messages.replies.reading import ReplyWords, reply_words, reply_words_in
from chalicelib.toml_files import TomlFileError
from lint.wording_rules import (
    RESERVED,
    claim_faults,
    length_faults,
    name_faults,
    placeholder_faults,
    reply_faults,
    word_faults,
)

#: Placeholders with the longest value of each, whatever the clinic is called.
LONGEST = {
    "clinic": "W" * 20,
    "phone": "316-555-0100",
    "hours": "Mon-Thu 8:30 AM-5:30 PM, Fri 8:30 AM-3:00 PM",
    "per_week": "10",
    "per_day": "3",
    "day": "Wed Sep 30",
    "time": "12:30 PM CST",
    "choices": ", ".join(f"{number} para Wed Sep 30 12:30 PM CST" for number in (1, 2, 3)),
    "numbers": "1, 2 or 3",
    "dates": ", ".join(["Wed Sep 30 12:30 PM"] * 9) + " (hora de la clinica)",
    "sessions": "9",
    "link": "https://texts.cottonwood.example.com/v/" + "x" * 22,
}
#: The only lists of words that may contain a reserved word: those that do what the provider does.
_MAY_BE_RESERVED = {"stop", "stop_first", "stop_alone", "start", "start_if_opted_out", "help"}
_ALSO = {"confirm_unless_opted_out"}  # understood when a patient writes it, and never asked for


def main() -> int:
    """Print every fault; 0 when there is none."""
    try:
        catalogues = [load_catalogue(code) for code in catalogue.languages()]
        faults = [fault for each in catalogues for fault in catalogue_faults(each)]
        faults += [
            *task_faults(),
            *email_faults(),
            *letter_faults(),
            *reply_word_faults(reply_words()),
        ]
        for code in languages():
            faults += reply_list_faults(code, reply_words_in(code))
    except TomlFileError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    texts = sum(len(each.texts) for each in catalogues)
    summary = f"{texts} texts, {len(email_kinds())} mails: {len(faults)} faults"
    sys.stdout.write("\n".join([*faults, summary, ""]))
    return 1 if faults else 0


def catalogue_faults(catalogue: Catalogue) -> Iterator[str]:
    """Each fault with its place: file and key."""
    file = catalogue.file
    if catalogue.approval.status == "approved" and not catalogue.is_approved:
        yield (
            f"{file}, approval.sha256: the texts were edited after their approval; have them"
            f" approved again and set it to {catalogue.content_sha256}"
        )
    for key, entry in catalogue.texts.items():
        faults = placeholder_faults(entry.text, LONGEST)
        faults += length_faults(entry.text, LONGEST, entry.segments)
        faults += placeholder_faults(entry.mail or "", LONGEST)
        faults += word_faults(f"{entry.text} {entry.mail or ''}", neutral=True)
        faults += claim_faults(f"{entry.text} {entry.mail or ''}")
        faults += reply_faults(entry.text)
        faults += name_faults(entry.text, recurring=entry.recurring)
        yield from (f"{file}, texts.{key}: {fault}" for fault in faults)
    for what, title in catalogue.tasks.items():
        faults = word_faults(title, neutral=True) + claim_faults(title)
        yield from (f"{file}, tasks.{what}: {fault}" for fault in faults)


def task_faults() -> Iterator[str]:
    """A kind of task without a rule, or without a title in a language that staff read."""
    for kind in TaskKind:
        if kind not in RULES:
            yield f"domain/messaging/task.py, RULES: {kind} has no rule"
        for language in catalogue.STAFF_READ:
            if kind not in load_catalogue(language).tasks:
                yield f"wordings/{language}.toml, tasks: {kind} has no title"


def email_faults() -> Iterator[str]:
    """A template that reveals or advises; mails to staff and the frame of patients' mails alike."""
    for kind in sorted(email_kinds()):
        for part in ("subject.txt", "body.txt", "body.html"):
            template = FOLDER.joinpath(kind, part)
            where = f"emails/{kind}/{part}"
            if not template.is_file():
                yield f"{where}: is missing; every mail has a subject, a text and a page"
                continue
            text = template.read_text(encoding="utf-8")
            faults = word_faults(text, neutral=True) + claim_faults(text)
            yield from (f"{where}: {fault}" for fault in faults)


def letter_faults() -> Iterator[str]:
    """The words of patients' mails around the clinic's wordings."""
    for language in languages():
        text = json.dumps(letters(language), ensure_ascii=False)
        faults = word_faults(text, neutral=True) + claim_faults(text)
        yield from (f"locales/{language}/mails.toml: {fault}" for fault in faults)


def reply_word_faults(tables: ReplyWords) -> Iterator[str]:
    """A word with two meanings, or one of ours that the provider reserves (R41)."""
    seen: dict[str, str] = {}
    lists = {**tables.words, **{f"numbers.{n}": words for n, words in tables.numbers.items()}}
    for name, words in lists.items():
        for word in words:
            if word in RESERVED and name not in _MAY_BE_RESERVED | _ALSO:
                yield f"replies.toml, {name}: {word!r} is reserved by the provider (R41)"
            if name in {"stop_first", "stop_alone", *_ALSO, "start_if_opted_out"}:
                continue
            if word in seen:
                yield f"replies.toml, {name}: {word!r} stands in {seen[word]} too"
            seen[word] = name


def reply_list_faults(language: str, tables: ReplyWords) -> Iterator[str]:
    """A list that English does not have: a misspelled name, whose words nothing would read."""
    ours = reply_words_in("en").model_dump()
    for table, lists in tables.model_dump(exclude={"spelled"}).items():
        for name in sorted(set(lists) - set(ours[table])):
            yield f"locales/{language}/replies.toml, {table}.{name}: English has no such list"


if __name__ == "__main__":
    raise SystemExit(main())
