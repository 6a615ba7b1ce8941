"""Everything that talks to the broker."""
