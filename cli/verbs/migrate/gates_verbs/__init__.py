"""The verbs of `scriptledger gates`, one file each."""
