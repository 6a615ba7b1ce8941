"""Final Draft reader: one line for each paragraph, or for each line of a paragraph that has several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from domain.formats.fdx.alternates import put_into_paragraphs as put_alternates
from domain.formats.fdx.layout import default_seps
from domain.formats.fdx.note_ranges import in_dual_dialogue
from domain.formats.fdx.note_ranges import put_into_paragraphs as put_notes
from domain.formats.fdx.paragraph import MAX_GAP_CHARACTERS, STARTS_NEW_PAGE, YES, drafts_of, parts_of
from domain.formats.fdx.preserved import ATTRIBUTE, PAGE_BREAK, ParagraphDraft
from domain.formats.fdx.refusals import NotFinalDraft
from domain.formats.fdx.xml.tree import MAX_NAME_CHARACTERS, parse
from domain.formats.fdx.xml.xml_text import check
from domain.formats.format import MAX_FILE_BYTES, MAX_LINES, Imported
from domain.formats.fountain.conversion.lines import needs_keys, title_texts
from domain.formats.fountain.conversion.title_keys import title_lines
from domain.formats.fountain.title_page import title_of
from domain.formats.refusals import LinesTooLarge, TooManyLines
from domain.script.line import Line
from domain.script.metadata import MAX_TITLE

# How many of the parts that were not imported are named.
MAX_LEFT_OUT = 100
TAKEN = frozenset({"Content", "TitlePage", "ScriptNotes"})


def read(data: bytes, new_id: Callable[[], str]) -> Imported:
    """Read a Final Draft file.

    `text` is that of a paragraph's runs, without loss; styles and other attributes of a paragraph are in `attrs`. `sep`
    is the default of plain text. Summaries of scenes become synopsis lines and script notes become note lines, after
    the paragraph they belong to; alternates stay with their paragraph. Other parts of the file (page layout, revisions,
    …) are left out and named.

    Raises:
        FileTooLarge, XmlTooDeep, TooManyXmlParts, EntityInXml, ExternalEntityInXml, DoctypeInXml, NotXml: see
            `tree.parse`.
        TooManyLines, LinesTooLarge: more than 50,000 lines, or 16 MiB in them and their attributes.
        NotFinalDraft: the XML is not a Final Draft script.
        ControlCharacterInXml, ParagraphLineTooLong: a line is not valid text.
    """
    root = parse(data)
    content = root.find("Content")
    if root.tag != "FinalDraft":
        raise NotFinalDraft(problem=f"it begins with <{root.tag[:80]}>, not with <FinalDraft>")
    if content is None:
        raise NotFinalDraft(problem="it has no <Content>")
    set_page_breaks(root, content)
    put_alternates(root, [content, *root.iterfind("TitlePage/Content")])
    put_notes(root, content)
    room = Room()
    title_page = list(room.checked(_title_page(root.iterfind("TitlePage/Content/Paragraph"))))
    drafts = [*title_page, *room.checked(body(content))]
    seps = default_seps(drafts, [draft.joined for draft in drafts], len(title_page))
    return Imported(
        title=_title(title_page),
        lines=tuple(
            Line(new_id(), draft.format, draft.text, default_sep if draft.sep is None else draft.sep, draft.attrs)
            for draft, default_sep in zip(drafts, seps, strict=True)
        ),
        left_out=tuple(islice(dict.fromkeys(_left_out(root, content)), MAX_LEFT_OUT)),
    )


def set_page_breaks(root: Element, content: Element) -> None:
    """Set the page breaks of types whose paragraphs all start a new page, such as the headings of acts."""
    types = {
        settings.get("Type")
        for settings in root.iterfind("ElementSettings")
        if any(spec.get(STARTS_NEW_PAGE) == YES for spec in settings.iterfind("ParagraphSpec"))
    }
    # The first paragraph is on a new page anyway.
    for paragraph in islice(content.iterfind("Paragraph"), 1, None):
        if types and STARTS_NEW_PAGE not in paragraph.attrib and paragraph.get("Type") in types:
            paragraph.set(STARTS_NEW_PAGE, YES)


class Room:
    """Limits of a file's lines and characters: a few bytes of XML can expand to any number."""

    def __init__(self) -> None:
        self._lines = 0
        self._characters = 0

    def checked(self, drafts: Iterable[ParagraphDraft]) -> Iterator[ParagraphDraft]:
        """Pass lines through, checked and counted.

        Raises:
            TooManyLines, LinesTooLarge: a limit is exceeded.
            ControlCharacterInXml, ParagraphLineTooLong: a line is not valid text.
        """
        for draft in drafts:
            self._lines += 1
            if self._lines > MAX_LINES:
                raise TooManyLines(limit=MAX_LINES)
            check(self._lines, draft.text)
            self._characters += len(draft.text)
            for value in draft.attrs.values():
                if isinstance(value, str):
                    self._characters += len(value)
                    check(self._lines, value)
            if self._characters > MAX_FILE_BYTES:
                raise LinesTooLarge(limit=MAX_FILE_BYTES)
            yield draft


def body(content: Element) -> Iterator[ParagraphDraft]:
    """The lines of the script."""
    for paragraph in content.iterfind("Paragraph"):
        speeches = in_dual_dialogue(paragraph)
        if not speeches or any(parts_of(paragraph)) or ATTRIBUTE in paragraph.attrib:
            yield from drafts_of(paragraph, "body")
        elif paragraph.get(STARTS_NEW_PAGE) == YES:
            yield PAGE_BREAK
        yield from dual_dialogue(speeches)


def dual_dialogue(paragraphs: Iterable[Element]) -> Iterator[ParagraphDraft]:
    """The lines of dual dialogue; every character but the first has the attribute `dual`."""
    cues = 0
    for paragraph in paragraphs:
        cues += paragraph.get("Type") == "Character"
        yield from drafts_of(paragraph, "body", dual=cues > 1)


def _title_page(paragraphs: Iterable[Element]) -> Iterator[ParagraphDraft]:
    """The title page's lines; empty paragraphs become line ends of the line above, at the top one empty line."""
    last: ParagraphDraft | None = None
    for paragraph in paragraphs:
        if not any(parts_of(paragraph)) and ATTRIBUTE not in paragraph.attrib:
            if last is None or len(last.sep or "") >= MAX_GAP_CHARACTERS:
                yield from () if last is None else (last,)
                last = ParagraphDraft("title_entry", "", {}, "")
            last = replace(last, sep=("\n" if last.sep is None else last.sep) + "\n")
            continue
        for draft in drafts_of(paragraph, "title page"):
            yield from () if last is None else (last,)
            last = draft
    yield from () if last is None else (last,)


def _title(title_page: list[ParagraphDraft]) -> str | None:
    """The value of the key Title, as in a script written in Fountain; without keys, the first lines."""
    lines = [
        Line("", draft.format, draft.text, "\n" if draft.sep is None else draft.sep, draft.attrs)
        for draft in title_page
    ]
    if not needs_keys(lines):
        return title_of(line.text for line in lines if line.format == "title_entry")
    words = [line.words.strip() for line in title_lines(title_texts(lines))]
    return " ".join(filter(None, words))[:MAX_TITLE] or None


def _left_out(root: Element, content: Element) -> Iterator[str]:
    for part in root:
        if part.tag not in TAKEN:
            yield _named(part)
    for part in root.iterfind("ScriptNotes/*"):
        if part.tag != "ScriptNote":
            yield f"ScriptNotes/{_named(part)}"
    for part in root.iterfind("TitlePage/*"):
        if part.tag != "Content":
            yield f"TitlePage/{_named(part)}"
    for part in content:
        if part.tag != "Paragraph":
            yield f"Content/{_named(part)}"


def _named(part: Element) -> str:
    """The name of a part, and its number of words."""
    words = sum(any(map(str.isalnum, word)) for run in _runs(part) for word in run.split())
    name = part.tag[:MAX_NAME_CHARACTERS]
    return f"{name} ({words} word{'s' * (words > 1)})" if words else name


def _runs(part: Element) -> Iterator[str]:
    """The texts in a part; nested texts are counted once."""
    if part.tag == "Text":
        yield "".join(part.itertext())
        return
    for child in part:
        yield from _runs(child)
