"""The reference pages, made from what the program knows. `python -m cli.reference docs/reference` writes them."""
