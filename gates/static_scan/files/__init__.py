"""The source files of a tree, and the code and SQL inside files of other kinds."""
