"""Help: what a verb does, from the docstring of its file, and an example that works."""

from __future__ import annotations

from rich.markup import escape


def prose(docstring: str | None) -> str:
    """A docstring as help: paragraphs without the line ends that the source needs."""
    paragraphs = (docstring or "").strip().split("\n\n")
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))


def example(*commands: str) -> str:
    """The example at the end of a verb's help."""
    return "[bold]Example[/bold]\n\n" + "\n".join(escape(f"$ {command}") for command in commands)
