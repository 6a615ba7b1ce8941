"""A bar for what takes long, on standard error and only on a terminal."""

from __future__ import annotations

from rich.progress import Progress

from cli import screen


def progress() -> Progress:
    """The bars of one command; nothing is shown where standard error is no terminal."""
    return Progress(
        console=screen.err(),
        disable=not screen.err().is_terminal,
        transient=True,
        redirect_stdout=False,  # what others print passes the guard, which nothing may take the place of
        redirect_stderr=False,
    )
