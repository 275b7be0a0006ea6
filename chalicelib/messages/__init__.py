"""What we say, and what an answer means: wordings, mails, rendering, reply words."""
