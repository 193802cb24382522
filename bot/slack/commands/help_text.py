"""Help, the manifest's hints and the page of commands in `docs/`, all made from the rows in `roots`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.slack.commands.roots import ROOTS
from bot.slack.commands.verbs import WHO_MAY, Root, Verb

MOST_HINT = 80
"""Characters of hint that a phone still shows."""
BEGINNING: Final = "<!-- from bot/slack/commands/roots: make commands -->"
ENDING: Final = "<!-- the end of what is made -->"


def typed(root: Root, verb: Verb, prefix: str = "") -> str:
    """What to type: `/incident note TEXT`, `/autonomy AGENT restore reason`."""
    subject = f"{root.subject} " if verb.about == "agent" and root.subject else ""
    if verb.name == root.alone:
        return f"/{prefix}{root.name}"
    if verb.name == root.bare:
        return f"/{prefix}{root.name} {subject}".rstrip()
    usage = verb.usage.removeprefix(f"{verb.name} ") if verb.name == root.otherwise else verb.usage
    return f"/{prefix}{root.name} {subject}{usage}"


def help_lines(root_name: str, prefix: str = "") -> list[tuple[str, str]]:
    """(what to type, what it does) for each verb of a root."""
    root = ROOTS[root_name]
    return [(typed(root, verb, prefix), verb.does) for verb in root.verbs]


def hint(root: Root) -> str:
    """What Slack shows while somebody types the command: `[declare | ack | steps | note | help]`."""
    words = [one.usage.split()[1] if one.name == root.otherwise else one.name for one in root.verbs if one.hinted]
    subject = "" if root.subject.startswith("[") or not root.subject else f"[{root.subject}] "
    while len(shown := f"{subject}[{' | '.join([*words, 'help'])}]") > MOST_HINT:
        words.pop()
    return shown


def page() -> str:
    """The table of every command, in Markdown, as it stands in `docs/commands.md`."""
    who = "\n".join(f"- {short}: {long}" for short, long in WHO_MAY.values())
    return "\n".join([f"Who may:\n\n{who}\n", *(line for root in ROOTS.values() for line in _section(root))]).strip()


def _section(root: Root) -> Iterator[str]:
    yield f"### `/{root.name}`"
    yield ""
    yield f"{root.description}. {_cell(root.tip)}".rstrip()
    yield ""
    yield "| type | it does | also | who |"
    yield "|---|---|---|---|"
    for verb in root.verbs:
        also = ", ".join(f"`{alias}`" for alias in _also(root, verb))
        yield f"| `{_cell(typed(root, verb))}` | {_cell(verb.does)} | {also} | {WHO_MAY[verb.rule][0]} |"
    yield ""


def _also(root: Root, verb: Verb) -> tuple[str, ...]:
    """Other words for it; the verb's own name where the plain command stands for it."""
    hidden = verb.name in (root.alone, root.bare, root.otherwise)
    return (verb.name, *verb.aliases) if hidden else verb.aliases


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rewritten(text: str) -> str:
    """A document with the page between its two marks. Raises ValueError where they are missing."""
    before, begun, rest = text.partition(BEGINNING)
    _, ended, after = rest.partition(ENDING)
    if not begun or not ended:
        raise ValueError(f"the page of commands stands between {BEGINNING!r} and {ENDING!r}; one of them is missing")
    return f"{before}{BEGINNING}\n\n{page()}\n\n{ENDING}{after}"


def rewrite(document: Path) -> None:
    """Bring a document up to date with the rows (`make commands`)."""
    document.write_text(rewritten(document.read_text("utf-8")), "utf-8")
