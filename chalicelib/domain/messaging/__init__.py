"""Messages and their transitions, tasks, texts that came in, and wordings."""
