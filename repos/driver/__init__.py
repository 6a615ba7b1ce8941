"""What we do differently from PyMySQL at its connections: rows, TLS and forks."""
