"""What becomes of a text of SQL in Python that no call in sight runs: whether a tree only keeps and shows it."""
