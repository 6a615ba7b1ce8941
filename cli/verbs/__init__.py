"""Every verb of the command line, one file each; the first line of a file is what the list of verbs says."""
