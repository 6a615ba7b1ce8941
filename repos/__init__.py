"""The only code that writes and the only code that knows SQL."""
