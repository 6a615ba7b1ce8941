"""Leases, schedule slots, bell rings and materialization runs."""
