"""Pages as push notifications of an ntfy server."""

from pathlib import Path

from bot.pagers.kind import PagerKind
from bot.pagers.ntfy.adapter import NtfyPager
from bot.pagers.ntfy.online_check import look
from bot.pagers.ntfy.topic import NtfySettings

KIND = PagerKind(
    name="ntfy",
    summary="a push notification to everybody who follows a topic of ntfy.sh or of your own ntfy server",
    use_when="you want pushes on a phone without an account anywhere, or from a server of your own",
    settings=NtfySettings,
    make=lambda dependencies: NtfyPager(dependencies.client),
    online_check=look,
    docs=Path(__file__).with_name("docs.md"),
)
