"""What a script is: lines, state, deltas, keyframes, hashes and validation."""
