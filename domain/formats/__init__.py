"""Screenplay file formats: bytes to lines and lines to bytes, pure code without I/O."""
