"""The journals of producers: each records, as it happens, its submissions and the answers.

One JSON object a line, in a file of its own for each producer; the history checker takes them as the truth that the
database has to agree with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from domain.submissions.answer import Answer, encode_answer
from domain.submissions.submission import Submission, encode_submission


class ProducerRecord(NamedTuple):
    """One submission as its producer knows it.

    `place` counts what a producer was acknowledged, in that order. `answers` are the bytes of every answer it was
    ever given.
    """

    producer: str
    place: int
    script_id: int
    submission_id: str
    payload: bytes
    acknowledged: bool
    answers: tuple[bytes, ...] = ()


class Journal:
    """Written by one producer."""

    def __init__(self, folder: Path, producer: str) -> None:
        self._file = (folder / f"{producer}.jsonl").open("a", buffering=1)
        self._producer = producer

    def sent(self, submission: Submission) -> None:
        """About to be enqueued for the first time."""
        self._write("sent", submission, payload=encode_submission(submission).decode())

    def acknowledged(self, submission: Submission) -> None:
        """Its enqueue has returned."""
        self._write("acknowledged", submission)

    def answered(self, submission: Submission, answer: Answer) -> None:
        """What its producer read as the answer to it."""
        self._write("answered", submission, answer=encode_answer(answer).decode())

    def _write(self, event: str, submission: Submission, **more: str) -> None:
        about = {"script": submission.script_id, "submission": submission.submission_id}
        self._file.write(json.dumps({"event": event, "producer": self._producer, **about, **more}) + "\n")


def read_journals(folder: Path) -> list[ProducerRecord]:
    """The records of every producer of a folder; each producer's in the order it was acknowledged."""
    return [record for file in sorted(folder.glob("*.jsonl")) for record in records_of(read_lines(file))]


def count(folder: Path, event: str) -> int:
    """How many events of a kind all producers of a folder have written down so far."""
    return sum(line["event"] == event for file in folder.glob("*.jsonl") for line in read_lines(file))


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal; a producer may be writing the next one."""
    return [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]


def records_of(lines: Iterable[dict[str, Any]]) -> list[ProducerRecord]:
    """The lines of one producer, gathered by submission."""
    found: dict[tuple[int, str], ProducerRecord] = {}
    places = 0
    for line in lines:
        key = (line["script"], line["submission"])
        if line["event"] == "sent":
            found[key] = ProducerRecord(line["producer"], 0, *key, line["payload"].encode(), acknowledged=False)
        elif line["event"] == "acknowledged":
            places += 1
            found[key] = found[key]._replace(place=places, acknowledged=True)
        else:
            found[key] = found[key]._replace(answers=(*found[key].answers, line["answer"].encode()))
    return list(found.values())
