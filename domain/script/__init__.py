"""Scripts as values: lines, state, deltas, keyframes, hashes and validation."""
