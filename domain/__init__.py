"""The domain: scripts, commands, deltas and errors as pure values."""
