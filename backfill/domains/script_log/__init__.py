"""The parts of the domain scripts: one script read from its tables, recorded, and rows without a script."""
