"""Source code as trees: grammars, the parts of a file, chains of calls, and the texts of expressions."""
