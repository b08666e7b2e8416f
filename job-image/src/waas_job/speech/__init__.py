"""Where somebody speaks in a recording, and the windows that are cut from there."""
