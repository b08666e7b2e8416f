"""What every test can use: real servers, started only when a test first asks for one."""

from hypothesis import settings

# An example takes as long as the machine lets it: others may be busy there.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

pytest_plugins = ["cluster.fixtures", "support.figures", "support.fixtures"]
