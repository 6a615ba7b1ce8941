"""Read scripts, versions, differences and refusals."""
