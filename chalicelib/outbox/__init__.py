"""How messages leave: due, claim, send, settle, retry, reconcile. The only part that sends."""
