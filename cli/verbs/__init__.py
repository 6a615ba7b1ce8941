"""The verbs of the command line, one file each; the first line of a file describes it in the list of verbs."""
