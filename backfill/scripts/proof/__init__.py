"""Parts of the proof of a script: what is read from the ledger, and how it is compared."""
