"""Recognition: what a legacy table is, judged by the shape of that table alone."""
