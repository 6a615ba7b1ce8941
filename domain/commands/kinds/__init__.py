"""The command kinds, one file each: `domain.commands.registry` registers every class of a file in this folder."""
