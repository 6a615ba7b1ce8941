"""The inbox, the answers and the dead letters."""
