"""HTTP itself, whatever it is about: conditions, bodies, streams, forms of errors."""
