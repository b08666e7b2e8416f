"""What turns samples into words; behind one Protocol, so that it can be replaced."""
