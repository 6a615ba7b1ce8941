"""The operator's page: views as plain functions, rendered on the server, usable without JavaScript."""
