"""What each verb prints with `--json`: its shape as a class, from which the reference page is made.

Fields are only ever added. Every document that a test of the command line sees is held against these.
"""
