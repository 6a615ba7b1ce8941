"""Users, sign-ins and chat."""
