"""A care plan: its steps, when each is due, and what a late booking would miss."""
