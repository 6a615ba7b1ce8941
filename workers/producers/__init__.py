"""The API for applications that send submissions."""
