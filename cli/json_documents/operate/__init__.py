"""JSON documents of the verbs that operate a ledger in bulk."""
