"""The forms in which legacy applications store histories: a file placed here is a form."""
