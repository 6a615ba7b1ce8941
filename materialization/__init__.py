"""Commands become versions."""
