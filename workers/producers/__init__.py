"""The producer API, for applications that send submissions."""
