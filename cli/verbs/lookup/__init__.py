"""Command kinds and format round trips."""
