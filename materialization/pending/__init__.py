"""Pending submissions: those that wait in the inbox, found and cancelled by an operator."""
