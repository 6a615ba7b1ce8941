"""SQL text: whether a text is SQL, and what it reads and writes."""
