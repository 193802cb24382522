"""A stand-in for a Slack workspace on loopback: Web API, Socket Mode, Events API and a page for people.

It is the embedded default of the demo and the double of every end-to-end test, so it refuses what Slack
refuses. It imports nothing else of `bot`: it cannot share the bot's mistakes. See `docs/local-slack.md`.
"""
