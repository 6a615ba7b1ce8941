"""What is checked before and after an upgrade of a schema."""
