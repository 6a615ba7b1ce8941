"""The verbs of `scriptledger backfill`."""
