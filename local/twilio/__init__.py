"""A Twilio on this machine."""
