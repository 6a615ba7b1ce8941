"""The write rules as programs: they import `repos` and `domain` only."""
