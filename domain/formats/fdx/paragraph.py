"""Conversion of a paragraph to lines: one for each line of its text, then its summary and its notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, tostring

from msgspec.structs import replace

from domain.formats.fdx.alternates import whole_alternates
from domain.formats.fdx.display import looks_marked
from domain.formats.fdx.preserved import (
    ATTRIBUTE,
    NOTHING,
    PAGE_BREAK,
    ParagraphDraft,
    lines_before,
    restored,
    take,
)
from domain.formats.fdx.runs import dump, encode_runs, lines_of, text_of
from domain.formats.fdx.types import UNTYPED, Typed, typed
from domain.formats.fountain.display import LITERAL
from domain.formats.runs import RUNS, Run
from domain.script.line import Attr, LineFormat

Place = Literal["body", "title page", "note", "summary"]

# The attribute, always true, of a line in the same paragraph or note as the line above.
CONTINUES = "continues"
CONTINUED: dict[str, Attr] = {CONTINUES: True}
# Formats whose lines are one paragraph if no empty line is between them, as in Fountain; they need no attribute.
JOINED = frozenset({"action", "centered"})
# The name of a note that is a boneyard.
BONEYARD = "Boneyard"
# The most empty paragraphs that one line of a title page or note holds as its line ends.
MAX_GAP_CHARACTERS = 400
STARTS_NEW_PAGE = "StartsNewPage"
YES = "Yes"
ESCAPED = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", "\x7f": "&#127;"})


class Parts(NamedTuple):
    """The parts of a paragraph."""

    runs: list[Run]
    summary: list[Element]
    notes: list[Element]
    others: list[Element]


def drafts_of(paragraph: Element, place: Place, *, dual: bool = False) -> Iterator[ParagraphDraft]:
    """The page break above a paragraph, its lines, and those of its summary and its notes.

    `dual` marks a paragraph of dual dialogue after the first speech.
    """
    attributes = dict(paragraph.attrib)
    preserved = take(attributes)
    parts = parts_of(paragraph)
    is_break = place == "body" and attributes.get(STARTS_NEW_PAGE) == YES
    if is_break:
        del attributes[STARTS_NEW_PAGE]
    kind = paragraph.get("Type", UNTYPED) if place == "body" else None
    is_empty = not text_of(parts.runs)
    is_absent = preserved.absent and is_empty
    # A page break without a paragraph below it.
    is_break_alone = is_break and preserved is NOTHING and kind == UNTYPED and is_empty and not parts.others
    first: list[ParagraphDraft] = []
    raw: Iterator[ParagraphDraft] = iter(())
    lines: list[ParagraphDraft] | None = []
    if not is_absent and not is_break_alone:
        raw = _raw_drafts(parts, place, attributes, dual=dual)
        # Only as many lines as there can be: a paragraph may have millions.
        first = [] if preserved is NOTHING else list(islice(raw, len(preserved.more) + 2))
        lines = restored(first, preserved, kind) if first and (is_break or not preserved.before) else None
    if lines is None:
        yield from (PAGE_BREAK,) * is_break
        yield from _with_sep(chain(first, raw), preserved.sep, single=len(first) == 1)
    else:
        yield from lines_before(preserved) if is_break else ()
        yield from lines
    for element in parts.summary:
        yield from drafts_of(element, "summary")
    in_text = lines is not None and preserved is not NOTHING
    for note in parts.notes:
        # A note that stands inside the text has no line of its own, as long as the text holds it.
        if not (in_text and take(dict(note.attrib)).absent):
            yield from drafts_of_note(note)


def _with_sep(drafts: Iterable[ParagraphDraft], sep: str | None, *, single: bool) -> Iterator[ParagraphDraft]:
    """The lines of a paragraph that was changed; a single one still has its separator."""
    yield from (replace(draft, sep=sep) for draft in drafts) if single else drafts


def drafts_of_note(note: Element) -> Iterator[ParagraphDraft]:
    """The lines of a note: the first holds the note's own attributes, the others continue it.

    An empty paragraph becomes a line end of the line above. A boneyard is a note by that name.
    """
    line_format, about = note_properties(note)
    last: ParagraphDraft | None = None
    for paragraph in inner_paragraphs(note):
        # Where the note has its text in itself, its attributes are no paragraph's.
        inside = paragraph if paragraph is not note else _bare(note)
        if last is not None and is_gap(inside) and len(last.sep or "") < MAX_GAP_CHARACTERS:
            last = replace(last, sep=(last.sep or "\n") + "\n")
            continue
        for draft in note_paragraph(inside, line_format, about):
            yield from () if last is None else (last,)
            last = draft
        about = CONTINUED
    yield from () if last is None else (last,)


def note_properties(note: Element) -> tuple[LineFormat, dict[str, Attr]]:
    """The format of a note's lines, and the attributes of the first."""
    own = dict(note.attrib)
    take(own)
    line_format: LineFormat = "boneyard" if own.get("Name") == BONEYARD else "note"
    if line_format == "boneyard":
        del own["Name"]
    return line_format, {"fdx_note": dump(own)} if own else {}


def note_paragraph(paragraph: Element, line_format: LineFormat, about: dict[str, Attr]) -> Iterator[ParagraphDraft]:
    """The lines of one paragraph of a note; `about` are attributes of the first."""
    attributes = dict(paragraph.attrib)
    preserved = take(attributes)
    raw = _raw_drafts(parts_of(paragraph), "note", attributes, dual=False, note_format=line_format)
    first = list(islice(raw, 2))
    first[0] = replace(first[0], attrs={**about, **first[0].attrs})
    lines = restored(first, preserved, None) if preserved is not NOTHING else None
    yield from _with_sep(chain(first, raw), preserved.sep, single=len(first) == 1) if lines is None else lines


def is_gap(paragraph: Element) -> bool:
    """Whether a paragraph of a note is nothing but an empty line."""
    parts = parts_of(paragraph)
    return not text_of(parts.runs) and not any(parts[1:]) and ATTRIBUTE not in paragraph.attrib


def _bare(note: Element) -> Element:
    bare = Element(note.tag)
    bare.text = note.text
    bare.extend(note)
    return bare


def inner_paragraphs(element: Element) -> list[Element]:
    """The paragraphs directly in a note or summary; the element itself, where it has none.

    Deeper ones belong to the paragraph around them: returned here too, each level would double them.
    """
    return element.findall("Paragraph") or [element]


def parts_of(paragraph: Element) -> Parts:
    """Split a paragraph into its text in runs, and its other parts."""
    parts = Parts([], [], [], [])
    _stray(parts, paragraph.text)
    for child in paragraph:
        match child.tag:
            case "Text":
                parts.runs.append(("".join(child.itertext()), dict(child.attrib)))
            case "ScriptNote":
                parts.notes.append(child)
            case "SceneProperties":
                _scene_properties(parts, child)
            case "DualDialogue":
                pass
            case "Alts":
                parts.others.extend(whole_alternates(child))
            case _:
                parts.others.append(child)
        _stray(parts, child.tail)
    return parts


def _stray(parts: Parts, text: str | None) -> None:
    """Add text outside of a run as a run of its own; Final Draft never writes such text."""
    if text and (words := " ".join(text.split())):
        before = " " if text[0].isspace() and parts.runs else ""
        parts.runs.append((before + words + (" " if text[-1].isspace() else ""), {}))


def _scene_properties(parts: Parts, properties: Element) -> None:
    rest = Element(properties.tag, properties.attrib)
    for child in properties:
        if child.tag == "Summary":
            parts.summary.extend(inner_paragraphs(child))
        else:
            rest.append(child)
    if rest.attrib or len(rest):
        parts.others.append(rest)


def _raw_drafts(
    parts: Parts, place: Place, attributes: dict[str, str], *, dual: bool, note_format: LineFormat = "note"
) -> Iterator[ParagraphDraft]:
    """The lines of a paragraph without its preserved attributes. Lazy, because all may share a long attribute."""
    typed_as = Typed(note_format, {}) if place == "note" else _typed(place, attributes)
    about = {**typed_as.attrs, **_about(parts, attributes, numbered=place == "body")}
    if dual and typed_as.format == "character":
        about["dual"] = True
    attrs = about
    above: str | None = None
    for runs in lines_of(parts.runs):
        text = text_of(runs)
        if above is not None:
            joins = typed_as.format in JOINED and above.strip() and text.strip()
            attrs = dict(typed_as.attrs) if joins else {CONTINUES: True, **typed_as.attrs}
        if styles := encode_runs(runs):
            attrs = {**attrs, RUNS: styles}
        if looks_marked(typed_as.format, text):
            attrs = {**attrs, LITERAL: True}
        yield ParagraphDraft(typed_as.format, text, attrs, joined=above is not None)
        above = text


def _typed(place: Place, attributes: dict[str, str]) -> Typed:
    match place:
        case "body":
            kind = " ".join(attributes.pop("Type", "").split())
            return typed(kind or UNTYPED, attributes)
        case "title page":
            return Typed("title_entry", {})
        case "summary" | "note":
            return Typed("synopsis", {})


def _about(parts: Parts, attributes: dict[str, str], *, numbered: bool) -> dict[str, Attr]:
    about: dict[str, Attr] = {}
    if numbered and (number := " ".join(attributes.get("Number", "").split())):
        del attributes["Number"]
        about["scene_number"] = number
    if attributes:
        about["fdx_paragraph"] = dump(attributes)
    if parts.others:
        about["fdx_other"] = "".join(as_text(element) for element in parts.others)
    return about


def as_text(element: Element) -> str:
    """An element as XML on one line, in ASCII."""
    text: bytes = tostring(_compact(element), encoding="us-ascii")
    return text.decode().translate(ESCAPED)


def _compact(element: Element) -> Element:
    """A copy without indentation."""
    copy = Element(element.tag, element.attrib)
    copy.text = element.text if not len(element) or (element.text and element.text.strip()) else None
    for child in element:
        inner = _compact(child)
        inner.tail = child.tail if child.tail and child.tail.strip() else None
        copy.append(inner)
    return copy
