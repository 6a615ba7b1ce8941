"""A model's answers, and the commands derived from them."""
