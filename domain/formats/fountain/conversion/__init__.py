"""Conversion of lines from other formats, so that Fountain can hold what is in their attributes."""
