"""Embedded services for a first try and for development; they end with the process that started them."""
