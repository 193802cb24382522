"""What the store says when it cannot be used."""


class StoreError(Exception):
    """The database cannot be used; the sentence says why and what to do."""
