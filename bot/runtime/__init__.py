"""The processes: the bot, its scheduler, and the commands that work without it."""
