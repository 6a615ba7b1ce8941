"""The certificate of a backfill: everything read again, compared and counted, with a verdict."""
