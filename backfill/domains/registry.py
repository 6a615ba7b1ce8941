"""Imports every domain, in the order in which they are brought over: from low to high risk."""
