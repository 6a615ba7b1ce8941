"""A headless Chromium: a page as rendered HTML and as a screenshot."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
TIMEOUT_SECONDS = 90.0
# Screenshots are kept here, for people to look at after the tests.
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


def find_chromium() -> str | None:
    """The absolute path of an installed Chromium."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Chromium:
    """Opens a page, lets its scripts run for `settle` seconds of the page's own time, and exits.

    `folder` is its profile: a sign-in on one page is valid on the next.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def dom(self, url: str, *, settle: float = 3.0) -> str:
        """The page after its scripts have run."""
        return self._run(url, settle, ["--dump-dom"])

    def screenshot(
        self, url: str, name: str, *, settle: float = 3.0, size: tuple[int, int] = (1400, 900), dark: bool = False
    ) -> Path:
        """A screenshot of the page, saved as ``build/screenshots/<name>.png``; `dark` for people who prefer that."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture = SCREENSHOTS / f"{name}.png"
        picture.unlink(missing_ok=True)
        width, height = size
        options = [f"--screenshot={picture}", f"--window-size={width},{height}", "--hide-scrollbars"]
        self._run(url, settle, [*options, *(["--blink-settings=preferredColorScheme=0"] if dark else [])])
        return picture

    def _run(self, url: str, settle: float, options: Sequence[str]) -> str:
        command = [
            self._program,
            "--headless=new",
            "--no-sandbox",  # root may not use it, and CI is root
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            f"--user-data-dir={self._folder}",
            f"--virtual-time-budget={round(settle * 1_000)}",
            *options,
            url,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS).stdout
