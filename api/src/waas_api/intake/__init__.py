"""The ways in for a recording: plain, in pieces, from the web, or from storage."""
