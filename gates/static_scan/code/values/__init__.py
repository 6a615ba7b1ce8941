"""What values lists, loops and functions of a file give, as far as the file shows them."""
