"""What `gates` finds in code, on a terminal, as JSON and in HTML."""
