"""REST in, TranscriptionJob out."""
