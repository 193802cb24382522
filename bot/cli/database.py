"""`stepdown db ...`."""

import typer

from bot.cli.asking import settings_now

db_app = typer.Typer(no_args_is_help=True, help="The database.")


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    from bot.store.migrate import upgrade

    print(f"schema {upgrade(settings_now().database_url)}")
