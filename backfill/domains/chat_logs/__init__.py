"""What the domain of chat consists of: logs read by time, overlaps, batches, and the proof."""
