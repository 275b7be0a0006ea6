"""What must hold, and the account that it is checked against."""
