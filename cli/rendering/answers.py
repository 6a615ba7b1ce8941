"""What became of a submission, as the command line says it, and the exit status that follows from it."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import msgspec
import typer

from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.screen import Text
from domain.submissions.answer import Answer, Refusal

NOTES = {
    "placed:after": "put behind the line it was to follow, though the next line was no longer the one named",
    "placed:before": "put in front of the line it was to precede: the line before it is gone",
    "placed:start": "put at the start: nothing else that was named is left",
    "placed:end": "put at the end: nothing else that was named is left",
}


def end_with(answer: Answer, *, as_json: bool, done: str = "") -> NoReturn:
    """Print an answer and exit by it; `done` is the sentence for a success."""
    if as_json:
        screen.print_json(msgspec.to_builtins(answer))
    elif answer.outcome == "applied" and done:
        screen.say(done, *_details(answer))
    else:
        screen.say(*described(answer))
    raise typer.Exit(Exit.REFUSED if answer.outcome in ("refused", "partly") else Exit.DONE)


def end_pending(script_id: int, submission_id: str, *, as_json: bool, status: Exit) -> NoReturn:
    """Say that a submission waits, and exit."""
    if as_json:
        screen.print_json({"script_id": script_id, "submission_id": submission_id, "outcome": "pending"})
    else:
        screen.say(
            f"Submission {submission_id} waits in the inbox of script {script_id}; "
            f"`scriptledger outcome {script_id} {submission_id} --wait` waits for the answer."
        )
    sys.stdout.flush()
    raise typer.Exit(status)


def described(answer: Answer) -> list[Text]:
    """An answer for people."""
    return [_headline(answer), *_details(answer)]


def _headline(answer: Answer) -> Text:
    where = f"script {answer.script_id}"
    match answer.outcome:
        case "applied":
            return Text.assemble(("Applied", "bold green"), f" to {where} as {_versions(answer)}.")
        case "partly":
            return Text.assemble(("Applied in part", "bold yellow"), f" to {where} as {_versions(answer)}.")
        case "no_op":
            return Text.assemble(("Nothing to do", "bold green"), f": {where} already says so.")
        case _:
            assert answer.refusal is not None  # noqa: S101 - a refusal says why
            return Text.assemble(("Refused", "bold red"), f": {answer.refusal.message}")


def _versions(answer: Answer) -> str:
    if answer.first_version == answer.last_version:
        return f"version {answer.first_version}"
    return f"versions {answer.first_version} to {answer.last_version}"


def _details(answer: Answer) -> list[Text]:
    told = []
    if answer.rebased_over and answer.outcome in ("applied", "partly"):
        first, last = answer.rebased_over
        over = f"version {first}" if first == last else f"versions {first} to {last}"
        told.append(Text(f"  It was made for an earlier version, and holds over {over} too."))
    if answer.outcome == "refused" and answer.refusal:
        told += _facts(answer.refusal)
    for each in answer.commands:
        if each.refusal is not None:
            told.append(
                Text.assemble(f"  commands[{each.index}] was ", ("refused", "red"), f": {each.refusal.message}")
            )
            told += _facts(each.refusal, "    ")
        elif each.note is not None:
            told.append(Text(f"  commands[{each.index}]: {NOTES.get(each.note, each.note)}."))
        elif each.outcome == "no_op" and answer.outcome != "no_op":
            told.append(Text(f"  commands[{each.index}] had nothing to do."))
    return told


def _facts(refusal: Refusal, indent: str = "  ") -> list[Text]:
    facts: dict[str, Any] = refusal.facts
    told = []
    if isinstance(current := facts.get("current"), dict):
        told.append(Text.assemble(f"{indent}It now reads   ", (f"“{current.get('text', '')}”", "bold")))
    if "author" in facts:
        who = f"{facts['actor']} ({facts['author']})" if facts.get("actor") else facts["author"]
        told.append(Text(f"{indent}Changed by     {who} in version {facts['version']}, {_when(facts)}"))
    if isinstance(facts.get("command"), int):
        told.append(Text(f"{indent}Because of     commands[{facts['command']}]"))
    return told


def _when(facts: dict[str, Any]) -> str:
    return screen.moment(int(facts["changed_at"]))
