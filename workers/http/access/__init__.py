"""Who may do what over HTTP: people with their roles, passwords, forms that cannot be forged, limits and headers."""
