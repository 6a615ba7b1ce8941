"""The content shapes: a file placed here is a shape."""
