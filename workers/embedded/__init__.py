"""Services for a first look and for development, started by our process and gone with it."""
