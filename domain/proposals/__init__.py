"""What a model may answer, and the commands that follow from it."""
