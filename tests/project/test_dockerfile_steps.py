"""The reader and the rehearsal of Dockerfiles, on small ones worked out by hand."""

import sys
from pathlib import Path

import pytest

from tests.project.dockerfile_steps import Rehearsal, health_command, read_steps

SMALL = r"""# a comment
FROM base@sha256:00 AS build
WORKDIR /src
ENV GREETING=hello \
    # a comment between
    PLACE=/src/b
COPY one.txt two ./
RUN printf %s "$GREETING" > "$PLACE" \
    && cp one.txt /out.txt

FROM base@sha256:00
COPY --from=build /src /opt/app
HEALTHCHECK --interval=30s CMD ["python", "-c", "pass"]
"""


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsal:
    checkout = tmp_path / "checkout"
    (checkout / "two" / "deep").mkdir(parents=True)
    (checkout / "one.txt").write_text("1", encoding="utf-8")
    (checkout / "two" / "deep" / "two.txt").write_text("2", encoding="utf-8")
    (tmp_path / "work").mkdir()
    rehearsal = Rehearsal(checkout, tmp_path / "work", Path(sys.executable))
    rehearsal.carry_out(read_steps(SMALL))
    return rehearsal


def test_lines_are_joined_and_comments_dropped() -> None:
    steps = read_steps(SMALL)
    assert [(step.line, step.keyword) for step in steps] == [
        (2, "FROM"), (3, "WORKDIR"), (4, "ENV"), (7, "COPY"), (8, "RUN"),
        (11, "FROM"), (12, "COPY"), (13, "HEALTHCHECK"),
    ]  # fmt: skip
    assert steps[2].rest.split() == ["GREETING=hello", "PLACE=/src/b"]
    assert steps[6].flags == {"from": "build"}
    assert health_command(steps[7]) == ["python", "-c", "pass"]


def test_a_stage_holds_what_was_copied_into_it_and_no_more(rehearsed: Rehearsal) -> None:
    left = sorted(str(path.relative_to(rehearsed.root)) for path in rehearsed.root.rglob("*") if path.is_file())
    assert left == ["opt/app/b", "opt/app/deep/two.txt", "opt/app/one.txt"]
    assert (rehearsed.root / "opt/app/b").read_text(encoding="utf-8") == "hello"


def test_only_paths_are_moved_below_the_folder(rehearsed: Rehearsal) -> None:
    root = rehearsed.root
    assert rehearsed.inside("cp /a b/c ./d") == f"cp {root}/a b/c ./d"
    assert rehearsed.inside("PATH=/opt/bin:$PATH") == f"PATH={root}/opt/bin:$PATH"
    assert rehearsed.inside("http://127.0.0.1:8080/healthz") == "http://127.0.0.1:8080/healthz"


def test_a_step_that_fails_is_shown_with_its_line(rehearsed: Rehearsal) -> None:
    with pytest.raises(AssertionError, match=r"Dockerfile:1 RUN echo no; exit 3\nno"):
        rehearsed.carry_out(read_steps("RUN echo no; exit 3"))
