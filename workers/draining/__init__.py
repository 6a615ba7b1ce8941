"""Drains in a worker: running them, and recovering after one fails, hangs or kills its process."""
