"""Any HTTP address that answers JSON."""

from pathlib import Path

from bot.ports.clock import Clock
from bot.sources.http import HttpClient
from bot.sources.http_json.adapter import HttpJson, HttpJsonSettings, faults
from bot.sources.kind import SourceKind
from bot.sources.query_results import NUMBERS


def _made(name: str, settings: HttpJsonSettings, clock: Clock) -> HttpJson:
    return HttpJson(name, HttpClient(name, settings), clock)


KIND = SourceKind(
    name="http_json",
    summary="Stepdown asks it once a minute, and reads the answer by JMESPath",
    use_when="some other system answers the numbers as JSON",
    settings=HttpJsonSettings,
    docs=Path(__file__).with_name("docs.md"),
    make=_made,
    roles={
        **dict.fromkeys(NUMBERS, "JMESPath, read from each item"),
        "items": "JMESPath",
        "time": "JMESPath, read from each item",
        "partial": "JMESPath, read from the whole answer",
        "path": "a path",
    },
    check=faults,
)
