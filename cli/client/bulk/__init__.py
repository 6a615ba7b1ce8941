"""Many submissions at once: sent from a file, replayed or cancelled."""
