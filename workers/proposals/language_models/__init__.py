"""Models: who writes proposals. A small interface, a scripted stand-in, a client for OpenAI-compatible servers."""
