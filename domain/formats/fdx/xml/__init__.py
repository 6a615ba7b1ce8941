"""XML of untrusted files: a bounded parser, and the texts and names that XML allows."""
