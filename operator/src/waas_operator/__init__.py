"""TranscriptionJob in, batch/v1 Job and status out."""
