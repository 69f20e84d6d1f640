"""Local accounts: passwords, sessions, tokens, tickets."""
