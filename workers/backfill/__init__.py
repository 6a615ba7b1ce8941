"""The backfill in workers: items of a run, and the tick that sends lost ones again."""
