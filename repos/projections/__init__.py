"""Projections: the tables for readers, written by materialization."""
