"""How a batch of transcriptions is shown: as bars, as plain lines or as lines of JSON."""
