"""Where documents are kept: a folder each, written whole or not at all, people's own edits never overwritten.

`NAME/NAME.md` comes last, so where it stands everything it refers to stands. Beside it `.NAME.drafted` holds the hash
of the Markdown as it was drafted: a file that no longer has that hash was edited by a person, and a new draft goes to
`NAME-2`, `NAME-3`, ... instead.
"""

import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

from bot.ports.documents import Document
from bot.ports.errors import DeliveryError


def keep(folder: Path, document: Document) -> Path:
    """Write a document under `folder`; returns the path of the Markdown file. Raises DeliveryError."""
    names = (document.name, *document.chart_images)
    if any(not name or Path(name).name != name or name.startswith(".") for name in names):
        raise DeliveryError(f"not plain file names: {', '.join(map(repr, names))}", permanent=True)
    try:
        target = next(place for place in _places(folder, document.name) if not _edited(place, document.name))
        target.mkdir(parents=True, exist_ok=True)
        return _write(target, document)
    except OSError as error:
        raise DeliveryError(f"cannot write {document.name} under {folder}: {error.strerror or error}") from error


def _places(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield from (folder / f"{name}-{number}" for number in count(2))


def _edited(place: Path, name: str) -> bool:
    """True when a person changed the draft that is there, or put a file there of their own."""
    text, note = place / f"{name}.md", place / f".{name}.drafted"
    if not text.exists():
        return False
    return not note.exists() or note.read_text(encoding="ascii") != _hash(text.read_bytes())


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(target: Path, document: Document) -> Path:
    for name, picture in document.chart_images.items():
        _replace(target / name, picture)
    _replace(target / f"{document.name}.json", document.data.encode())
    content, text = document.markdown.encode(), target / f"{document.name}.md"
    text.unlink(missing_ok=True)  # a crash between the next two writes must not look like a person's edit
    _replace(target / f".{document.name}.drafted", _hash(content).encode("ascii"))
    _replace(text, content)
    return text


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file, flush to disk, then rename over it: readers see the old file or the new one."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o640)
        Path(draft).replace(path)
    except BaseException:  # whatever ended it, the half-written file goes; the error goes on its way
        Path(draft).unlink(missing_ok=True)
        raise
