"""Readers' tables, as materialization writes them."""
