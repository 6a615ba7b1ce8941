"""Gates of the database itself: how its schema drifted from the one that was frozen or declared."""
