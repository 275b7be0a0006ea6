"""What `make check` reads beside the code: care plans, wordings, reply words. Never deployed."""
