"""Reads a Dockerfile and carries out its steps on this machine, without an engine.

`/` becomes a folder, `python` the interpreter of the tests, the image's user ourselves. A stage starts with an empty
folder at the same address as the one before it, so that what one stage writes into its files (the address of a
virtual environment, say) is as right or as wrong in the next as it would be in an image.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

IMAGE_USER = "10001"
# A path at the start of a word or after one of = : " ; the slashes of an address are none of these.
ABSOLUTE = re.compile(r'(?<![^\s=:"])/(?=\w)')
NOT_INHERITED = re.compile(r"PYTHON|VIRTUAL_ENV|STEPDOWN_|PYTEST|COVERAGE")


class Step(NamedTuple):
    """One instruction: RUN, its flags such as {"from": "build"}, and the rest of its line."""

    line: int
    keyword: str
    flags: dict[str, str]
    rest: str

    @property
    def argv(self) -> list[str]:
        """The words of a JSON form, as of CMD ["run"]."""
        words: list[str] = json.loads(self.rest)
        return words


def read_steps(text: str) -> list[Step]:
    """The instructions in order; comments gone, continued lines joined."""
    steps: list[Step] = []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (pending or line.strip()):
            continue
        start = start if pending else number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        steps.append(parse(start, pending))
        pending = ""
    return steps


def parse(line: int, text: str) -> Step:
    keyword, _, rest = text.partition(" ")
    flags = {}
    while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
        flags[match[1]] = match[2]
        rest = rest[match.end() :]
    return Step(line, keyword.upper(), flags, rest.strip())


def health_command(step: Step) -> list[str]:
    """The program of HEALTHCHECK ... CMD [...]."""
    words: list[str] = json.loads(step.rest.removeprefix("CMD").strip())
    return words


class Rehearsal:
    """Carries out FROM, ENV, WORKDIR, COPY and RUN below one folder; the other steps change no files."""

    def __init__(self, repository: Path, folder: Path, python: Path) -> None:
        self.repository = repository
        self.folder = folder
        self.root = folder / "root"
        self.stages: list[str] = []
        self.workdir = self.root
        self.env: dict[str, str] = {}
        tools = folder / "tools"
        tools.mkdir()
        (tools / "python").symlink_to(python)
        inherited = {name: value for name, value in os.environ.items() if not NOT_INHERITED.match(name)}
        self.outside = inherited | {"PATH": f"{tools}:/usr/bin:/bin"}

    def carry_out(self, steps: list[Step]) -> None:
        actions = {"FROM": self._from, "ENV": self._env, "WORKDIR": self._workdir, "COPY": self._copy, "RUN": self._run}
        for step in steps:
            if action := actions.get(step.keyword):
                action(step)

    def inside(self, text: str) -> str:
        """The text with every absolute path moved below the folder."""
        return ABSOLUTE.sub(f"{self.root}/", text)

    def run(self, argv: list[str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A program as the finished image would start it."""
        program = shutil.which(argv[0], path=self.env["PATH"])
        assert program, f"{argv[0]} is not on the image's PATH {self.env['PATH']}"
        return subprocess.run(
            [program, *argv[1:]],
            cwd=self.workdir, env=self.env, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def _from(self, step: Step) -> None:
        if self.stages:
            self.root.rename(self.folder / f"stage-{self.stages[-1]}")
        self.root.mkdir()
        _, _, name = step.rest.partition(" AS ")
        self.stages.append(name or "last")
        self.workdir, self.env = self.root, dict(self.outside)

    def _env(self, step: Step) -> None:
        for pair in shlex.split(self.inside(step.rest)):
            name, _, value = pair.partition("=")
            self.env[name] = value.replace("$PATH", self.env["PATH"])

    def _workdir(self, step: Step) -> None:
        self.workdir = Path(self.inside(step.rest))
        self.workdir.mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Step) -> None:
        *names, target = step.rest.split()
        to = self.workdir / self.inside(target)
        stage = step.flags.get("from")
        for name in names:
            source = self.folder / f"stage-{stage}{name}" if stage else self.repository / name
            if source.is_dir():  # its contents, as an engine does
                ignore = None if stage else shutil.ignore_patterns("__pycache__")
                link = os.link if stage else shutil.copy2  # between stages nothing is changed any more
                shutil.copytree(source, to, symlinks=True, ignore=ignore, copy_function=link, dirs_exist_ok=True)
            else:
                place = to / source.name if target.endswith("/") else to
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)

    def _run(self, step: Step) -> None:
        command = self.inside(step.rest)
        command = re.sub(rf"-o {IMAGE_USER} -g {IMAGE_USER}\b", f"-o {os.getuid()} -g {os.getgid()}", command)
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.workdir, env=self.env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"Dockerfile:{step.line} RUN {step.rest}\n{done.stdout}{done.stderr}"
