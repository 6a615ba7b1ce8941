"""Checks of an installation, by `scriptledger doctor` and at the start of a worker: one file a check."""
