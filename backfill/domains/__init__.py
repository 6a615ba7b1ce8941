"""The domains of a backfill, one file each: users, sessions, chat, scripts and what belongs to them."""
