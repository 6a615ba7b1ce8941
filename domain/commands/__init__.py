"""Commands: base class, registry, and placement and matching of lines. The kinds have a folder of their own."""
