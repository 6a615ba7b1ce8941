"""Chat and proposals."""
