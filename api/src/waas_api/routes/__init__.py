"""The routes: each parses a request, calls one thing and shapes the answer."""
