"""A resolved question becomes relational nodes: groups by grain, or rows."""
