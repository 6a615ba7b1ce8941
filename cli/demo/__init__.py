"""The demo: the play and its screenplay."""
