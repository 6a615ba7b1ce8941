"""Checks of this machine, each given the settings."""
