"""Alternates: other versions of a paragraph, which Final Draft keeps together at the end of the file.

A paragraph names its alternates by id. As a part of a line (`fdx_other`) it has them whole and without ids, so that
they go where the line goes; in a file each gets an id again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from xml.etree.ElementTree import Element, SubElement

ALTS = "Alts"
ALT = "Alt"
ALT_ID = "AltId"
COLLECTION = "AltCollection"


def put_into_paragraphs(root: Element, parts: Iterable[Element]) -> None:
    """Move the alternates that paragraphs in these parts of a file name into those paragraphs.

    An alternate belongs to the first that names it: repeated for each, it could grow to any size. Those that no
    paragraph names stay.
    """
    collections = root.findall(COLLECTION)
    known = {alt.get("Id"): (collection, alt) for collection in collections for alt in collection.findall(ALT)}
    moved: set[Element] = set()
    for part in parts:
        # A list, since the tree changes.
        for alts in list(part.iter(ALTS)):
            for place, child in enumerate(list(alts)):
                if child.tag == ALT_ID and (found := known.pop(_name(child), None)):
                    alts[place] = found[1]
                    moved.add(found[1])
    for alt in moved:
        # An alternate of an alternate is never written by Final Draft, and would name what stays behind.
        for inner in list(alt.iter(ALTS)):
            inner.clear()
    for collection in collections:
        collection[:] = [alt for alt in collection if alt not in moved]
    root[:] = [part for part in root if part.tag != COLLECTION or len(part)]


def whole_alternates(alts: Element) -> Iterator[Element]:
    """The alternates of a paragraph as they are kept: without ids, and without those that are not in the file."""
    kept = Element(alts.tag, alts.attrib)
    for child in alts:
        if child.tag == ALT:
            alternate = SubElement(kept, ALT, {name: value for name, value in child.attrib.items() if name != "Id"})
            alternate.text = child.text
            alternate.extend(child)
    if len(kept):
        yield kept


def collect(root: Element) -> None:
    """Move the alternates of all paragraphs to the end of the file, under ids."""
    ids = count(1)
    collection = Element(COLLECTION)
    for alts in list(root.iter(ALTS)):
        for place, child in enumerate(list(alts)):
            if child.tag == ALT:
                child.set("Id", str(next(ids)))
                reference = Element(ALT_ID)
                reference.text = child.get("Id")
                alts[place] = reference
                collection.append(child)
    if len(collection):
        root.append(collection)


def _name(reference: Element) -> str:
    return "".join(reference.itertext()).strip()
