"""The API server: keeps jobs, and knows people. Nothing else of the api speaks to it."""
