"""The command line. What matters at 2 am works from here when Slack is down: acknowledge, step down, see.

One file a subject; each has a Typer app of its own that is joined here. Imports stand inside the functions, so that
`--help` and a step down do not pay for what they do not use. Exit codes stand in `context`.
"""

from typing import Annotated

import typer

from bot.cli.database import db_app
from bot.cli.enforcement.actions import app as actions_app
from bot.cli.enforcement.approvals import app as approvals_app
from bot.cli.enforcement.gateway import gateway_app
from bot.cli.examples import app as examples_app
from bot.cli.inbound.alerts import inbound_app
from bot.cli.inbound.spans import app as spans_app
from bot.cli.inbound.spans import import_app
from bot.cli.incident import incident_app
from bot.cli.on_call import app as watching_app
from bot.cli.process import app as running_app
from bot.cli.reliability import app as between_app
from bot.cli.status import app as reading_app
from bot.cli.tabletop import tabletop_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The on-call bot for AI agents. What matters at 2 am works from here too when Slack is down.",
    epilog="Exit codes: 0 done, or the answer is yes; 1 the answer is no, or it was refused; 2 used wrongly; "
    "3 something that is needed cannot be reached.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"stepdown {version('stepdown')}")
        raise typer.Exit


@app.callback()
def stepdown(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Nothing but the options before a command."""


for part in (running_app, examples_app, reading_app, between_app, watching_app, spans_app, approvals_app, actions_app):
    app.add_typer(part)
app.add_typer(incident_app, name="incident")
app.add_typer(inbound_app, name="inbound")
app.add_typer(db_app, name="db")
app.add_typer(gateway_app, name="gateway")
app.add_typer(import_app, name="import")
app.add_typer(tabletop_app, name="tabletop")
