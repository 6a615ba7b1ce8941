"""The write path: pending submissions become commands, versions and answers."""
