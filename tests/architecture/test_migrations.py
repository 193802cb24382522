"""One history of migrations: two that were written side by side must not have the same number."""

import re

from tests.architecture.source_tree import ROOT

FOLDER = ROOT / "bot" / "store" / "migrations" / "versions"


def test_each_migration_follows_the_one_before_it() -> None:
    files = sorted(FOLDER.glob("0*.py"))
    assert len(files) > 10
    before = "None"
    for number, file in enumerate(files, 1):
        text = file.read_text(encoding="utf-8")
        named = dict(re.findall(r"^(revision|down_revision) = (.+)$", text, re.MULTILINE))
        assert file.name.startswith(f"{number:04d}_"), file.name
        assert named["revision"].strip("'\"") == f"{number:04d}", file.name
        assert named["down_revision"].strip("'\"") == before, file.name
        before = f"{number:04d}"
