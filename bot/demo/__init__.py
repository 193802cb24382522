"""`stepdown demo`: a whole incident on the real code path, in front of a newcomer or unattended."""

from bot.demo.run import run_demo, too_fast

__all__ = ["run_demo", "too_fast"]
