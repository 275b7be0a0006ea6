"""How we reach outside: one file a service."""
