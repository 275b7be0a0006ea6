"""What follows from what the providers tell of a message."""
