"""Messages and their transitions, tasks, inbound texts, and wordings."""
