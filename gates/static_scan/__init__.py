"""Reading code: the database calls in JavaScript, TypeScript and Python, and which of them a rule forbids."""
