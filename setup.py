"""What pyproject.toml cannot say: runbooks, playbooks and examples, at the top of the repository, go into the wheel."""

import ast
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
SHIPPED = HERE / "bot" / "shipped" / "__init__.py"


def shipped_names() -> tuple[str, ...]:
    """`NAMES` of `bot.shipped`, read without importing it: the build has none of its dependencies."""
    for node in ast.parse(SHIPPED.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NAMES":
            return tuple(ast.literal_eval(node.value))
    raise LookupError(f"{SHIPPED} has no NAMES")


class BuildWithShipped(build_py):
    """Copies them beside `bot/shipped/__init__.py`. An editable install has them at the top of the checkout already."""

    def run(self) -> None:
        """Build the package, then add what comes with it. A missing one stops the build."""
        super().run()
        if self.editable_mode:
            return
        for name in shipped_names():
            source, target = HERE / name, Path(self.build_lib) / "bot" / "shipped" / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules")
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
            else:
                shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithShipped})
