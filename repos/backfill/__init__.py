"""Tables of the move from a legacy application."""
