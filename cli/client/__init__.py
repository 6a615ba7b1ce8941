"""How a verb reaches the ledger: database, queue, actor and version options."""
