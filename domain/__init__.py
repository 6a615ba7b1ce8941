"""What a script is and what may happen to it: values, commands, deltas, errors."""
