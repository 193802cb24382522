"""Text for a terminal: what it holds is seen and does nothing.

An agent, an alert or a user may write anything into an incident. A terminal would obey an escape sequence in it: move
the cursor over what was printed, set the window's title, answer into the shell's input. Marks that turn the direction
of writing, and characters that nobody sees, show a text that is not there.
"""

import unicodedata

KEPT = "\n\t"
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what moves, hides or does not exist."""


def visible(text: str) -> str:
    """The text with a replacement character for each one that would not be seen. Line breaks and tabs stay."""
    return "".join(
        letter if letter in KEPT or unicodedata.category(letter) not in UNSEEN else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )
