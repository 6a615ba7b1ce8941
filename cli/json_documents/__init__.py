"""The JSON documents that verbs print with `--json`, as classes from which the reference page is generated.

Fields are only ever added. Every document printed in a test of the command line is checked against these classes.
"""
