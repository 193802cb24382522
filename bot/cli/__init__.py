"""The command line. What matters at 2 am works from here when Slack is down: acknowledge, step down, see.

One file a subject; each has a Typer app of its own that is joined here. Imports stand inside the functions, so that
`--help` and a step down do not pay for what they do not use. Exit codes stand in `asking`.
"""

import typer

from bot.cli.database import db_app
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
    help="The on-call bot for AI agents.",
)
for part in (running_app, reading_app, between_app, watching_app):
    app.add_typer(part)
app.add_typer(incident_app, name="incident")
app.add_typer(db_app, name="db")
app.add_typer(tabletop_app, name="tabletop")
