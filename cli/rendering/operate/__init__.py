"""How the verbs that operate an installation print."""
