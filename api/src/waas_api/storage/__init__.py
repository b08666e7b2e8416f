"""Object storage: audio in, transcripts out."""
