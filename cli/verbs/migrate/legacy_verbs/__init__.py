"""The verbs of `scriptledger legacy`, one file each."""
