"""What an inbound text means."""
