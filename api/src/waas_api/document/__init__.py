"""What the OpenAPI document says of the routes: bodies, headers, answers and errors, with examples.

Errors are rendered from the same tables as the answers, and examples from the same models, so that
neither can say what the service does not.
"""
