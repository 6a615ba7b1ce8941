"""Screenshots of pages as a server sent them, taken one after another while a test goes on, and their colours."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from PIL import Image

from tests.browser.chromium import Chromium

SIZE = (1200, 1000)
# Of the style sheet: the backgrounds of a problem, a warning and a good state, and the ink of what is bad.
NOTES = {(251, 228, 225): "red", (253, 240, 207): "amber", (220, 243, 226): "green"}
BAD_INK = (151, 33, 28)
# A note is at least as large as this; badges in a table are smaller.
MIN_NOTE_PIXELS = 10_000
MIN_HEADING_PIXELS = 100
HEADING_ROWS = range(85, 145)


class Colours(NamedTuple):
    """What is seen at first sight: the colours of the notes, and whether the heading is red."""

    notes: frozenset[str]
    heading_is_red: bool


class Gallery:
    """Takes pictures in the background; leaving the block waits for them."""

    def __init__(self, chromium: Chromium, folder: Path) -> None:
        self._chromium = chromium
        self._folder = folder
        self._pool = ThreadPoolExecutor(1)
        self._pictures: dict[str, Future[Path]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=error is not None)

    def add(self, name: str, html: bytes) -> None:
        """Take a picture of a page, `build/screenshots/<name>.png`."""
        page = self._folder / f"{name}.html"
        page.write_bytes(html)
        self._pictures[name] = self._pool.submit(self._chromium.screenshot, page.as_uri(), name, size=SIZE, settle=0.1)

    def visit(self, name: str, url: str) -> None:
        """Take a picture of a page that the browser itself fetches, and wait for it."""
        self._pictures[name] = self._pool.submit(self._chromium.screenshot, url, name, size=SIZE, settle=0.1)
        self._pictures[name].result()

    def colours(self) -> dict[str, Colours]:
        """The colours of each picture, once it is taken."""
        return {name: colours_of(picture.result()) for name, picture in self._pictures.items()}


def colours_of(picture: Path) -> Colours:
    """The colours of a page in a picture."""
    with Image.open(picture) as image:
        page = image.convert("RGB")
    heading = page.crop((0, HEADING_ROWS.start, page.width, HEADING_ROWS.stop))
    return Colours(
        notes=frozenset(name for colour, name in NOTES.items() if pixels(page, colour) >= MIN_NOTE_PIXELS),
        heading_is_red=pixels(heading, BAD_INK) >= MIN_HEADING_PIXELS,
    )


def pixels(image: Image.Image, colour: tuple[int, int, int]) -> int:
    """How many pixels of an image have a colour."""
    return next((number for number, found in image.getcolors(2**24) or () if found == colour), 0)
