"""Checks of the schema as a whole, by `scriptledger doctor` alone: what they import takes longer than a start may."""
