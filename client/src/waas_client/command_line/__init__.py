"""The command `waas`."""


def main() -> None:
    """Run the command and end the process with its exit code."""
    from waas_client.command_line.app import app

    app(prog_name="waas")
