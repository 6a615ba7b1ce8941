"""HTML in which texts are escaped twice: their markup is inert, and their control characters are visible."""

from __future__ import annotations

from typing import Any, Self

from markupsafe import Markup

from domain.visible_text import visible_lines


class Html(Markup):
    """Trusted markup; values formatted into it are escaped, unless they are markup themselves."""

    @classmethod
    def escape(cls, s: Any, /) -> Self:
        """Text as markup. Line ends may stay: a browser renders them as spaces."""
        return super().escape(s if hasattr(s, "__html__") else visible_lines(str(s).replace("\r\n", "\n")))
