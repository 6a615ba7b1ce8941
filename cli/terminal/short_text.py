"""A short text from the command line that is stored: a reason, a name."""

from __future__ import annotations

import typer


def short_text(text: str, option: str, limit: int) -> str:
    """The text, if it can be stored.

    Raises:
        BadParameter: it is too long, or holds bytes that are not UTF-8.
    """
    if len(text) > limit:
        raise typer.BadParameter(f"it has {len(text)} characters, and at most {limit} are stored", param_hint=option)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("it is not UTF-8", param_hint=option) from None
    return text
