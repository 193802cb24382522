"""Block Kit as Slack checks it: types, lengths, counts, ids and what each surface takes.

Written from Slack's reference (collected in `slack-platform.md` 2.1 and 2.4), not with the bot's own builder:
two independent readings of the limits are what makes the check worth anything.
"""
