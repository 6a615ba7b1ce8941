"""Schema migrations, one file each, named after what they deploy."""
