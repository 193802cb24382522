"""Block Kit as Slack checks it: types, lengths, counts, ids and what each surface takes.

Written from Slack's reference of blocks and of composition objects, not with the bot's own builder:
two independent readings of the limits are what makes the check worth anything.
"""
