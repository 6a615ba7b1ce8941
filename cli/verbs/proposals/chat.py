"""Write and read the chat messages about a script.

The messages are by people, and by the AIs that answered them.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.client.actor import As, person
from cli.json_documents.proposals import Chat, Cost, Message
from cli.rendering.listing import Page, page_of, print_next
from cli.terminal import screen
from cli.terminal.options import AsJson, Limit, Script, example, prose
from cli.terminal.screen import Text
from domain.chat import ChatMessage
from materialization.access import keep_message, require_script_of
from materialization.clock import system_clock
from repos.accounts.chat_messages import ChatRow
from repos.accounts.users import UserRow

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))


@app.command(epilog=example("scriptledger chat say 1 'Scene 12 is too long.' --as rosa@example.org"))
def say(
    script: Script,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text of the message.", show_default=False)],
    answers: Annotated[
        int | None, typer.Option(metavar="MESSAGE", min=1, help="The message that this answers.", show_default=False)
    ] = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Write a message about a script. To request an edit from an AI, see `scriptledger propose`."""
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        by = person(tx, as_)
        require_script_of(tx, script, by.user_id)
        message = ChatMessage(role="user", content=text, script_id=script, user_id=by.user_id, answers=answers)
        number = keep_message(tx, message, (), system_clock())
        row = tx.chat.get(number)
    if as_json and row is not None:
        screen.print_json(_document(row))
    else:
        screen.print_text(f"Message {number} about script {script}.")


@app.command("list", epilog=example("scriptledger chat list 1 --limit 20", "scriptledger chat list 1 --after 40"))
def list_(
    script: Script,
    after: Annotated[
        int | None, typer.Option(metavar="MESSAGE", min=0, help="Only messages after this one.", show_default=False)
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the last messages about a script, or with --after those that follow."""
    with database.reading() as tx:
        require_script_of(tx, script, None)
        if after is None:
            page = Page(tx.chat.last(script, limit=limit), None)
        else:
            page = page_of(tx.chat.read(script, after=after, limit=limit + 1), limit)
        names = {row.message.user_id: _name(tx.users.get(row.message.user_id or 0)) for row in page.rows}
        costs = tx.chat_usage.totals(script)
    if as_json:
        messages = [_document(row) for row in page.rows]
        screen.print_json(Chat(script, messages, [Cost(*cost) for cost in costs], page.next))
        return
    for row in page.rows:
        name = names[row.message.user_id] or row.message.role
        by = name if row.message.role == "user" else row.message.role
        content = screen.block(row.message.content)
        screen.print_text(Text(f"{row.id}  {screen.moment(row.created_at)}  {by}", "bold"), content, Text())
    print_next(page.next)


def _name(user: UserRow | None) -> str:
    return (user.name or user.email) if user else ""


def _document(row: ChatRow) -> Message:
    message = row.message
    return Message(
        message=row.id,
        script_id=message.script_id,
        user=message.user_id,
        answers=message.answers,
        role=message.role,
        intent=message.intent,
        content=message.content,
        metadata=message.metadata,
        created_at=screen.iso(row.created_at),
    )
