"""What must hold, and the account it is held against."""
