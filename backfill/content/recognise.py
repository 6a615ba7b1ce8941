"""Recognition and decoding of a content: importing this imports every file of `backfill.content.shapes`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from backfill.content import shapes
from backfill.content.refusals import UnknownShape
from backfill.content.shape import SHAPES, Decoded, Shape, require_text

# Shapes are tried from the one that is recognised most surely to plain text, which takes anything.
ORDER = (
    "empty",
    "marked_json",
    "json_text",
    "wrapper",
    "json_lines",
    "final_draft",
    "tagged_lines",
    "fountain",
    "plain",
)
# Those that are decoded after a byte order mark too.
JSON = ("json_text", "wrapper", "json_lines")

for _module in iter_modules(shapes.__path__):
    import_module(f"{shapes.__name__}.{_module.name}")


def shape_of(data: bytes) -> Shape:
    """The shape of a content."""
    return next(SHAPES[name] for name in shape_names() if SHAPES[name].recognise(data))


def decode(data: bytes, shape: str | None = None) -> Decoded:
    """Decode a content, in the shape it has or in a given one.

    Raises:
        Rejected: it is not UTF-8, too large, or not what its shape allows.
    """
    require_text(data)
    if shape is None:
        return shape_of(data).decode(data)
    if shape not in SHAPES:
        raise UnknownShape(asked=shape, known=", ".join(shape_names()))
    if shape in JSON and SHAPES["marked_json"].recognise(data):
        shape = "marked_json"
    return SHAPES[shape].decode(data)


def encode(decoded: Decoded) -> bytes:
    """The content that was decoded, or one with other lines in the same dressing."""
    return SHAPES[decoded.wrapped_in[0] if decoded.wrapped_in else decoded.shape].encode(decoded)


def shape_names() -> list[str]:
    """The names of all shapes: those of `ORDER` in its order, and others before plain text."""
    others = [name for name in SHAPES if name not in ORDER]
    return [*ORDER[:-1], *others, ORDER[-1]]
