"""The commands: each reads its options, does one thing and shows the result."""
