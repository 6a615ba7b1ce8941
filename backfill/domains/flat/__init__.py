"""What the domains of flat tables share: slices, references, duplicates, and the proof by segments."""
