"""JSON documents of the verbs that operate an installation."""
