"""A diff as an HTML page like the revised pages of a screenplay, with revision marks, authors and times in the margin.

The page loads and runs nothing, and its content security policy forbids both; every text in it is escaped. Added,
removed and moved text differs by sign, underline and strike, not by colour alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from cli.rendering.diff_text import LIKE_ENOUGH, credited, moved
from cli.rendering.printed_comparison import printed
from cli.rendering.screenplay_layout import gap_after, shown
from cli.terminal.screen import counted, utc
from domain.formats.fountain import display
from domain.script.hashing import state_hash_bytes
from domain.script.line import Line
from domain.script.state import State
from domain.visible_markup import Html
from materialization.diff.compare import Compared, ComparedScene, Comparison
from materialization.diff.line_diff import Change, NamedDiff
from materialization.diff.summary import Tally, sentence, tally
from materialization.diff.word_diff import Piece, compare_words, likeness
from materialization.history.authorship import Credit

SIGNS: dict[Change, str] = {"added": "+", "removed": "−", "changed": "~", "moved": "›"}
PIECES = {"=": Html("{}"), "-": Html("<del>{}</del>"), "+": Html("<ins>{}</ins>")}
MAX_GAP_LINES = 3
FRONT = "Before the first scene"


class Side(NamedTuple):
    """One side of the page: a version, its drafts with their colours, and the time it was recorded."""

    state: State
    labels: Sequence[tuple[str, str | None]]
    recorded_at: int


def diff_page(comparison: Comparison, before: Side, after: Side) -> Iterator[str]:
    """The page, in parts."""
    comparison = printed(comparison)
    numbers = _numbers(comparison)
    counts = tally(comparison)
    yield _head(_title(after.state))
    yield from _cover(comparison, counts, before, after, numbers)
    yield Html('<main><div class="sheet"><div class="script">\n')
    for is_same, scenes in groupby(comparison.scenes, key=lambda scene: scene.change == "same"):
        yield from (_unchanged if is_same else _changed)(list(scenes), numbers)
    yield Html("</div></div></main>\n")
    yield _foot(comparison)


def _title(state: State) -> str:
    return str(state.metadata.get("title") or "Untitled")


def _numbers(comparison: Comparison) -> dict[str, str]:
    """The number of each scene by the id of its heading; its position if the script has no scene numbers."""
    headings = [scene.heading for scene in comparison.scenes if scene.heading is not None]
    given = {line.id: str(line.attrs["scene_number"]) for line in headings if "scene_number" in line.attrs}
    if given:
        return given
    scene_headings = (line for line in comparison.after.lines() if line.format == "scene_heading")
    return {line.id: str(place) for place, line in enumerate(scene_headings, 1)}


def _head(title: str) -> Html:
    style = Path(__file__).with_name("diff.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Html(
        '<!doctype html>\n<html lang="und">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<title>{}: revisions</title>\n'
        "<style>{}</style>\n</head>\n<body>\n"
    ).format(policy, title, Html(style))


def _cover(comparison: Comparison, counts: Tally, before: Side, after: Side, numbers: dict[str, str]) -> Iterator[Html]:
    yield Html('<header>\n<p class="kicker">Revisions</p>\n<h1 dir="auto">{}</h1>\n<dl class="points">\n').format(
        _title(after.state)
    )
    for name, side in (("From", before), ("To", after)):
        yield Html("<div><dt>{}</dt><dd>version {} {} <br>{}</dd></div>\n").format(
            name, side.state.version, Html(" ").join(map(_label, side.labels)), utc(side.recorded_at)
        )
    yield Html('</dl>\n<p class="summary">{}</p>\n<div class="overview">\n').format(sentence(counts))
    yield from _contents(comparison, numbers)
    yield from _shares(counts)
    yield Html("</div>\n")
    yield from _others(comparison.named)
    yield Html(
        '<p class="legend"><b>+</b> <ins>added</ins> · <b>−</b> <del>removed</del> · <b>~</b> changed, word by word · '
        "<b>›</b> moved · <b>*</b> revised, as on production pages. In the margin: the version and its author.</p>\n"
        "</header>\n"
    )


def _label(label: tuple[str, str | None]) -> Html:
    name, color = label
    return Html('<span class="label">{}{}</span>').format(name, f" · {color}" if color else "")


def _contents(comparison: Comparison, numbers: dict[str, str]) -> Iterator[Html]:
    yield Html('<nav aria-label="Scenes that changed"><h2>Scenes that changed</h2>\n<ol class="scenes">\n')
    for scene in comparison.scenes:
        if scene.change == "same":
            continue
        changes = Counter(compared.change for compared in scene.lines)
        amount = " ".join(f"{sign}{changes[change]}" for change, sign in SIGNS.items() if changes[change])
        heading = scene.heading
        text = f"{numbers.get(heading.id, '')}  {display(heading)}" if heading else FRONT
        about = f"{scene.change}  " if scene.change in ("added", "removed", "moved") else ""
        yield Html('<li><a href="#{}" dir="auto">{}</a> <span class="counts">{}{}</span></li>\n').format(
            _anchor(scene), text.strip(), about, amount
        )
    yield Html("</ol></nav>\n")


def _shares(counts: Tally) -> Iterator[Html]:
    if not counts.shares:
        return
    yield Html(
        "<section><h2>By</h2>\n<table><thead><tr><th>who</th><th>lines</th><th>words +</th><th>words −</th></tr>"
        "</thead><tbody>\n"
    )
    for share in counts.shares:
        who = ", ".join(name for name in (share.model, share.actor) if name)
        yield Html("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n").format(
            f"{share.author}: {who}" if who else share.author, share.lines, share.words_added, share.words_removed
        )
    yield Html("</tbody></table></section>\n")


def _others(named: Sequence[NamedDiff]) -> Iterator[Html]:
    if not named:
        return
    yield Html("<section><h2>Other changes</h2>\n<table><tbody>\n")
    for item in named:
        before = Html("<del>{}</del> ").format(item.before) if item.before is not None else ""
        after = Html("<ins>{}</ins>").format(item.after) if item.after is not None else ""
        yield Html("<tr><td>{} {}</td><td>{}{}</td></tr>\n").format(item.kind, item.name, before, after)
    yield Html("</tbody></table></section>\n")


def _unchanged(scenes: Sequence[ComparedScene], numbers: dict[str, str]) -> Iterator[Html]:
    """Scenes in which nothing changed, collapsed; a reader can open them."""
    known = [numbers[scene.heading.id] for scene in scenes if scene.heading and scene.heading.id in numbers]
    which = f" ({known[0]})" if len(known) == 1 else f" ({known[0]} to {known[-1]})" if known else ""
    count = sum(1 for scene in scenes if scene.heading is not None)
    what = counted(count, "scene") if count else FRONT
    yield Html("<details><summary>{}{}: no changes</summary>\n").format(what, which)
    for scene in scenes:
        for compared in scene.lines:
            yield _row(scene, compared, numbers, None)
    yield Html("</details>\n")


def _changed(scenes: Sequence[ComparedScene], numbers: dict[str, str]) -> Iterator[Html]:
    for scene in scenes:
        heading = scene.heading
        yield Html('<section class="scene" id="{}">\n').format(_anchor(scene))
        if heading is not None and heading is not scene.lines[0].line:
            yield Html(
                '<p class="row continued"><span></span><span></span><span dir="auto">{} (continued)</span></p>\n'
            ).format(display(heading))
        by: Credit | None = None
        for compared in scene.lines:
            yield _row(scene, compared, numbers, compared.by if compared.by != by else None)
            by = compared.by if compared.change != "same" else by
        yield Html("</section>\n")


def _anchor(scene: ComparedScene) -> str:
    heading = scene.heading
    if heading is None:
        return "front"
    return f"scene-{heading.id}" if heading is scene.lines[0].line else f"after-{scene.lines[0].line.id}"


def _row(scene: ComparedScene, compared: Compared, numbers: dict[str, str], by: Credit | None) -> Html:
    line = compared.line
    number = numbers.get(line.id, "") if line.format == "scene_heading" else ""
    tag = "h3" if line.format == "scene_heading" else "div"
    is_same = compared.change == "same"
    sign = (
        Html('{}<span class="hidden"> {}: </span>').format(SIGNS[compared.change], compared.change)
        if not is_same
        else ""
    )
    return Html(
        '<{0} class="row {1} {2} g{3}"><span class="sign">{4}</span><span class="number">{5}</span>'
        '<span class="text" dir="auto">{6}{7}</span><span class="number" aria-hidden="true">{5}</span>'
        '<span class="by">{8}</span></{0}>\n'
    ).format(
        tag,
        line.format,
        compared.change,
        min(gap_after(line), MAX_GAP_LINES),
        sign,
        number,
        _text(compared),
        Html('<span class="mark" aria-hidden="true">*</span>') if not is_same else "",
        _note(scene, compared, by),
    )


def _text(compared: Compared) -> Html | str:
    old, new = compared.before, compared.after
    if old is None:
        return Html("<ins>{}</ins>").format(_words(compared.line))
    if new is None:
        return Html("<del>{}</del>").format(_words(compared.line))
    before, after = _words(old), _words(new)
    if before != after:
        pieces = compare_words(before, after)
        if likeness(pieces) >= LIKE_ENOUGH:
            return Html("").join(map(_piece, pieces))
        return Html('<del class="whole">{}</del><ins class="whole">{}</ins>').format(before, after)
    return Html("<span>{}</span>").format(after) if compared.change == "moved" else after


def _piece(piece: Piece) -> Html:
    sign, text = piece
    return PIECES[sign].format(text)


def _words(line: Line) -> str:
    return display(line) if line.format == "scene_heading" else shown(line)


def _note(scene: ComparedScene, compared: Compared, by: Credit | None) -> Html:
    """The author and time of a change, and what its words do not show."""
    notes = []
    if by is not None:
        notes.append(Html("<b>{}</b> <time>{}</time>").format(credited(by), utc(by.occurred_at)))
    if compared.change == "moved":
        where = moved(scene, compared)
        if compared.line is scene.heading or scene.change != "moved":
            notes.append(Html("{}").format(where))
    if compared.before and compared.after and compared.before.format != compared.after.format:
        notes.append(Html("{} → {}").format(compared.before.format, compared.after.format))
    elif (
        compared.change == "changed"
        and compared.before
        and compared.after
        and _words(compared.before) == _words(compared.after)
    ):
        notes.append(_unseen(compared.before, compared.after))
    return Html("<br>").join(notes)


def _unseen(before: Line, after: Line) -> Html:
    if before.sep != after.sep:
        return Html("line ends")
    return Html("marks") if before.text != after.text else Html("notes")


def _foot(comparison: Comparison) -> Html:
    return Html(
        "<footer><p>Script {}. State hashes {} and {}. Generated by scriptledger.</p></footer>\n</body>\n</html>\n"
    ).format(
        comparison.script_id,
        state_hash_bytes(comparison.before.hash).hex(),
        state_hash_bytes(comparison.after.hash).hex(),
    )
