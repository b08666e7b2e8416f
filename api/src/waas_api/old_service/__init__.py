"""The shapes of the old service, byte for byte."""
