"""What the domains of story elements and of personas share: rows that describe a script, brought into its log."""
