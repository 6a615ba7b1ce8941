"""Database accounts: least-privilege accounts, guard triggers, and what differs from them."""
