"""Screenplay file formats: bytes to lines and lines to bytes, pure code without I/O.

Each format is a folder here, and its `FORMAT` says how to read, write and check a file; `domain.formats.registry` finds
it. Nothing else has to know of it.
"""
