"""Reports of a move from a legacy application, as pages for a browser."""
