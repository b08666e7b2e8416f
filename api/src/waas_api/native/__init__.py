"""The shapes of /v2: what is asked for, and how jobs are shown."""
