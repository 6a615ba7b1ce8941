"""The schema: tables, the revision check and the upgrade."""
