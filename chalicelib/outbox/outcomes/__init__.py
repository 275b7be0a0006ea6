"""What follows from what the providers report about a message."""
