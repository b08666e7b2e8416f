"""What the api makes of a TranscriptionJob's phase."""

from waas_contract.transcription_job import Phase

WAITING_PHASES = (Phase.PENDING, Phase.QUEUED)
"""The phases in which a job has a place in the queue."""
