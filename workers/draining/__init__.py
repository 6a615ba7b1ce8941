"""Drains in a worker: run them, and go on after one fails, hangs or ends its process."""
