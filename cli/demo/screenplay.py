"""The submissions of `scriptledger demo`: an import, an AI edit, a correction, a late AI edit, and a proposal."""

from __future__ import annotations

from pathlib import Path

from cli.terminal.new_ids import new_line_id
from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.formats.fountain import read
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.submission import Cause, Submission

SAMPLE = Path(__file__).parents[1] / "samples" / "tare_weight.fountain"
WRITER = "Rosa"
MODEL = "writer-1"
PROMPT = "Scene 12: Lyle asks too much at once, and Win answers too fast. Give them less to say."
LATE_PROMPT = "Make Win’s answer in scene 12 colder."

# The instruction is in the only syntax that the scripted model understands.
WISH = (
    'replace "Solange holds the lamp." with "Solange holds the lamp, and her breath.", '
    'cut "The beam lifts, wavers, floats level.", after "Win slides the weights." add action "Nobody breathes."'
)

LYLE = "One more hour and you’re done."
WIN = "Because she’s in the cab."
BEAM = "The beam lifts"
HAT = "He takes his hat off,"


def creation(script_id: int) -> Submission:
    """The sample screenplay as a new script."""
    imported = read(SAMPLE.read_bytes(), new_line_id)
    command = ScriptCreate(title=imported.title or SAMPLE.stem, lines=imported.lines)
    return Submission(
        script_id=script_id,
        submission_id="import-tare-weight",
        author="import",
        actor=WRITER,
        base_version=0,
        commands=(command,),
    )


def rewrite(script_id: int, state: State) -> Submission:
    """The AI's edit of scene 12: two lines shortened, one deleted, three inserted."""
    lyle, win, hat = (line_that_begins(state, words) for words in (LYLE, WIN, HAT))
    following = state.nodes[win].after
    return _by_ai(
        script_id,
        "edit-scene-12",
        state,
        Cause(model=MODEL, prompt=PROMPT, run_id="run-1", chat_message_id=41),
        (
            _edit(state, lyle, "One more hour and you’re done. Why would you tell me?"),
            _edit(state, win, "Because she’s in the cab."),
            LinesInsert(
                after=win,
                before=following,
                lines=(
                    Line(new_line_id(), "action", "The beam ticks as it cools.", "\n\n"),
                    Line(new_line_id(), "character", "WIN"),
                    Line(new_line_id(), "dialogue", "And I was kind to your father.", "\n\n"),
                ),
            ),
            LinesDelete(lines=(Target(hat, state.content_hash("line", hat)),)),
        ),
    )


def correction(script_id: int, state: State) -> Submission:
    """The writer's own correction of Win's answer."""
    win = line_that_begins(state, WIN)
    return Submission(
        script_id=script_id,
        submission_id="edit-by-hand",
        author="user",
        actor=WRITER,
        base_version=state.version,
        commands=(_edit(state, win, "Because she’s in the cab, Lyle."),),
    )


def late_rewrite(script_id: int, seen: State) -> Submission:
    """A second AI edit of the same line, made for its text before the writer's correction."""
    win = line_that_begins(seen, WIN)
    cause = Cause(model=MODEL, prompt=LATE_PROMPT, run_id="run-2", chat_message_id=42)
    return _by_ai(script_id, "edit-too-late", seen, cause, (_edit(seen, win, "She’s in the cab."),))


def second_correction(script_id: int, state: State) -> Submission:
    """The writer's own change to a line while a proposal about it is still open."""
    beam = line_that_begins(state, BEAM)
    return Submission(
        script_id=script_id,
        submission_id="edit-by-hand-again",
        author="user",
        actor=WRITER,
        base_version=state.version,
        commands=(_edit(state, beam, "The beam lifts, wavers, settles."),),
    )


def line_that_begins(state: State, words: str) -> str:
    """The id of the line that begins with these words."""
    return next(line.id for line in state.lines() if line.text.startswith(words))


def _by_ai(script_id: int, submission_id: str, state: State, cause: Cause, commands: tuple[Command, ...]) -> Submission:
    return Submission(
        script_id=script_id,
        submission_id=submission_id,
        author="ai",
        actor=WRITER,
        base_version=state.version,
        cause=cause,
        commands=commands,
    )


def _edit(state: State, line_id: str, text: str) -> LineEdit:
    return LineEdit(line=line_id, expect=state.content_hash("line", line_id), text=text)
