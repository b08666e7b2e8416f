"""What every test can use: real servers, started only when a test first asks for one."""

pytest_plugins = ["cluster.fixtures", "support.figures", "support.fixtures"]
