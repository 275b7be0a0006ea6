"""How we reach outside: one file per service."""
