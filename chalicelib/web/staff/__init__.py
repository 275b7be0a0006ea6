"""The staff's pages and the decisions taken on them."""
