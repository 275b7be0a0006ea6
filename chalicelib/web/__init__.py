"""How requests come in: views that parse, call one use case, and answer."""
