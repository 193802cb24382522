"""Finds the harness of each kind: `tests/contracts/PORT_harnesses/KIND.py`. A contract names a kind without one."""

import importlib
import pkgutil
from types import ModuleType


def harnesses_of(package: ModuleType) -> dict[str, ModuleType]:
    """The modules of a package of harnesses, by the kind they are named after."""
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
