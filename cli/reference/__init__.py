"""The reference pages, generated from the program. `python -m cli.reference docs/reference` writes them."""
