"""Read scripts, versions, differences and dead letters."""
