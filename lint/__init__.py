"""What `make check` reads besides the code: care plans, wordings, reply words. Never deployed."""
