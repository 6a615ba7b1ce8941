"""What a verb uses to reach the ledger: database, queue, actor and version options."""
