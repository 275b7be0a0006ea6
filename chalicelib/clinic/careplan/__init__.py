"""A care plan: its steps, when each is due, and what a visit would miss."""
