"""What a scan reads and remembers: rows in batches, the saves of scripts, keys, and its findings."""
