"""All that is Twilio's: its client, its codes and its words."""
