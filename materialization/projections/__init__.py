"""Readers' tables: bring them up to the head, and read them."""
