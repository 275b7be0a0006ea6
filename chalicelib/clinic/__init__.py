"""What this clinic decided: its profile, its care plans, and when each of their steps is due."""
