"""Everything of Twilio's: its client, its codes and its words."""
