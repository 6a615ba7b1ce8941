"""Refusals of Final Draft files."""

from __future__ import annotations

from domain.errors import Rejected


class NotXml(Rejected):
    """Line {line} of the file is not well-formed XML ({problem}); if it was cut off, export it again."""


class NotFinalDraft(Rejected):
    """The file is XML, but not a Final Draft script: {problem}."""


class EntityInXml(Rejected):
    """The file declares the XML entity {name!r}; Final Draft writes none, and one can stand for any amount of text."""


class ExternalEntityInXml(Rejected):
    """The file includes another file, {target!r}; Final Draft files include none."""


class DoctypeInXml(Rejected):
    """The file has a document type declaration; Final Draft writes none. Remove the line with <!DOCTYPE."""


class XmlTooDeep(Rejected):
    """The file nests more than {limit} elements in each other; Final Draft nests ten."""


class NamespaceTooLong(Rejected):
    """The file has an XML namespace of {size} characters, more than the {limit} allowed; Final Draft writes none."""


class TooManyXmlParts(Rejected):
    """The file has more than {limit} XML elements and attributes; split it and import the parts."""


class ControlCharacterInXml(Rejected):
    """Line {line} of the script in the file holds the control character U+{codepoint:04X}; remove it."""


class ParagraphLineTooLong(Rejected):
    """Line {line} of the script in the file has {size} bytes, more than the {limit} allowed; break its paragraph up."""
