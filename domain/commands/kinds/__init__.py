"""Every command kind, one file each: a file placed here is a kind the whole application knows (see `domain.commands.registry`)."""
