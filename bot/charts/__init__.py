"""Charts as PNG files, drawn in a process beside the bot."""
