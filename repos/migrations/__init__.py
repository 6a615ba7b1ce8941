"""Schema migrations, one file each, named for what they deploy."""
