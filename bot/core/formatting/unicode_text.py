"""Which text can be kept and sent on: all of Unicode, in any script, but for two things that are no characters of it.

Control characters, marks that turn the direction of writing and characters that nobody sees are text: they are stored
as they came, and made visible where text is shown (`terminal_text.visible`, `one_line.one_line` and their like).
"""

NO_CHARACTER = "no NUL and no half of a surrogate pair"
"""What is not text, in the words of a refusal."""


def is_storable(text: str) -> bool:
    """Whether every database takes it: PostgreSQL keeps no NUL, and half a surrogate pair cannot be encoded."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
