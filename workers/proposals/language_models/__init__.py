"""Language models that draft proposals: an interface, a scripted stand-in, and an OpenAI-compatible client."""
