"""Calls: what makes one reach a database, what is only talked about, and which programs it starts."""
