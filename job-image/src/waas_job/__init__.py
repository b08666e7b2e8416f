"""The program inside the Job: audio in, transcripts out."""
