"""Screenplay file formats: bytes to lines and lines to bytes, pure code without I/O.

Each format is a folder here with a `FORMAT`, which holds the functions that read, write and check a file.
`domain.formats.registry` finds it; no other code refers to it.
"""
