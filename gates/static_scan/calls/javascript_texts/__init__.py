"""What becomes of the texts of JavaScript: through names, lists, objects and functions of a file."""
