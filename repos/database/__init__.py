"""Database access: engine, connections, sessions, statements and driver errors; knows no repository."""
