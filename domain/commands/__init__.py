"""Commands: their base class, their registry, and the placement of lines. The kinds have a folder of their own."""
