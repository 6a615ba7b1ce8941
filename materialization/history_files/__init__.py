"""History files: export, check and import."""
