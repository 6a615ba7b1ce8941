"""The command log: commands, versions, keyframes, heads and scripts."""
