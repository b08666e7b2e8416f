"""TranscriptionJobs as the api keeps them in view: their index, lists, events, changes and end."""
