"""Answers to submissions as text for people, and the exit status that belongs to each."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer

from cli.json_documents.base import Pending
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.screen import Text
from domain.submissions.answer import Answer, Refusal

NOTES = {
    "placed:after": "placed after the named line, although the line that follows is not the one named",
    "placed:before": "placed before the named line; the named line before it no longer exists",
    "placed:start": "placed at the start; the named lines no longer exist",
    "placed:end": "placed at the end; the named lines no longer exist",
}


def end_with(answer: Answer, *, as_json: bool, done: str = "") -> NoReturn:
    """Print an answer and exit with its status; `done` is the sentence for a success."""
    if as_json:
        screen.print_json(answer)
    elif answer.outcome == "applied" and done:
        screen.print_text(done, *_details(answer))
    else:
        screen.print_text(*described(answer))
    raise typer.Exit(Exit.REFUSED if answer.outcome in ("refused", "partly") else Exit.DONE)


def end_pending(script_id: int, submission_id: str, *, as_json: bool, status: Exit) -> NoReturn:
    """Print that a submission is pending, and exit."""
    if as_json:
        screen.print_json(Pending(script_id, submission_id, "pending"))
    else:
        screen.print_text(
            f"Submission {submission_id} is pending in the inbox of script {script_id}; "
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
            return Text.assemble(("Nothing to do", "bold green"), f": {where} already has this content.")
        case _:
            assert answer.refusal is not None  # noqa: S101 - a refused answer has one
            return Text.assemble(("Refused", "bold red"), f": {answer.refusal.message}")


def _versions(answer: Answer) -> str:
    if answer.first_version == answer.last_version:
        return f"version {answer.first_version}"
    return f"versions {answer.first_version} to {answer.last_version}"


def _details(answer: Answer) -> list[Text]:
    lines = []
    if answer.rebased_over and answer.outcome in ("applied", "partly"):
        first, last = answer.rebased_over
        over = f"version {first}" if first == last else f"versions {first} to {last}"
        lines.append(Text(f"  It was made for an earlier version and was rebased over {over}."))
    if answer.outcome == "refused" and answer.refusal:
        lines += _facts(answer.refusal)
    for command in answer.commands:
        if command.refusal is not None:
            lines.append(
                Text.assemble(f"  commands[{command.index}] was ", ("refused", "red"), f": {command.refusal.message}")
            )
            lines += _facts(command.refusal, "    ")
        elif command.note is not None:
            lines.append(Text(f"  commands[{command.index}]: {NOTES.get(command.note, command.note)}."))
        elif command.outcome == "no_op" and answer.outcome != "no_op":
            lines.append(Text(f"  commands[{command.index}] had nothing to do."))
    return lines


def _facts(refusal: Refusal, indent: str = "  ") -> list[Text]:
    facts: dict[str, Any] = refusal.facts
    lines = []
    if isinstance(current := facts.get("current"), dict):
        lines.append(Text.assemble(f"{indent}Current text   ", (f"“{current.get('text', '')}”", "bold")))
    if "author" in facts:
        who = f"{facts['actor']} ({facts['author']})" if facts.get("actor") else facts["author"]
        lines.append(Text(f"{indent}Changed by     {who} in version {facts['version']}, {_when(facts)}"))
    if isinstance(facts.get("command"), int):
        lines.append(Text(f"{indent}Because of     commands[{facts['command']}]"))
    return lines


def _when(facts: dict[str, Any]) -> str:
    return screen.moment(int(facts["changed_at"]))
