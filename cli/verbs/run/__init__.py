"""Run workers, servers and the database schema."""
