"""The `stepdown` command."""


def main() -> None:
    """Run the command line; heavy imports wait until a command needs them."""
    from bot.cli import app
    from bot.cli.output import redact_output

    redact_output()
    app(prog_name="stepdown")


if __name__ == "__main__":
    main()
