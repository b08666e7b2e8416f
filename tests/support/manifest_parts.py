"""What manifests of tests have in common."""

from waas_contract.manifest import Timing

NO_TIME = Timing(
    fetch_seconds=0, decode_seconds=0, load_seconds=0, transcribe_seconds=0, store_seconds=0
)
"""Where a test is not about how long anything took."""
