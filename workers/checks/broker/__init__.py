"""Checks of a Redis broker, each given its facts."""
