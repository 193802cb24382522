"""What benchmarks share: starting the bot, databases, rows, and the suite itself."""
