"""The request form and `POST /requests`."""
