"""Comparison of two versions: lines, words and a summary."""
