"""HTML whose texts are escaped twice over: no markup of theirs is live, and their control characters are seen."""

from __future__ import annotations

from typing import Any, Self

from markupsafe import Markup

from domain.visible_text import visible_lines


class Html(Markup):
    """Markup of ours; whatever is formatted into it is text, unless it is markup itself."""

    @classmethod
    def escape(cls, s: Any, /) -> Self:
        """Text as markup. Line ends may stay: a browser takes them for spaces."""
        return super().escape(s if hasattr(s, "__html__") else visible_lines(str(s).replace("\r\n", "\n")))
