"""The demo: the flights from New York in 2013, on an embedded PostgreSQL."""
