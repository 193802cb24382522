"""Titles that a person wrote, within a sentence of ours."""


def in_sentence(title: str) -> str:
    """`Human escalation` as `human escalation`; names and abbreviations (`R&D spend`, `API errors`) stay."""
    first = title.split(maxsplit=1)[0] if title.strip() else ""
    plain = len(first) > 1 and first[1:].islower() and first.isalpha()
    return title[:1].lower() + title[1:] if plain else title
