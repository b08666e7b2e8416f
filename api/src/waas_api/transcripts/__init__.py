"""What became of a recording: transcripts, their revisions and forms, and what is heard so far."""
