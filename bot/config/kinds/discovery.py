"""The kinds that a package holds: one folder each, found by looking, so that a new one needs no line elsewhere."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Kind = TypeVar("Kind", bound=_Named)


class RegistryError(Exception):
    """A folder among the kinds that is none; the sentence says what it lacks."""


def kinds_in(package: ModuleType, wanted: type[Kind]) -> Mapping[str, Kind]:
    """The `KIND` of every sub-package, by its name, in alphabetical order. Raises RegistryError.

    `wanted` is the class that each of them must be of.
    """
    folders = sorted(found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg)
    return MappingProxyType({folder: _kind(package.__name__, folder, wanted) for folder in folders})


def _kind(package: str, folder: str, wanted: type[Kind]) -> Kind:
    where = f"{package}.{folder}"
    kind = getattr(importlib.import_module(where), "KIND", None)
    if not isinstance(kind, wanted):
        raise RegistryError(f"{where} is a folder without a KIND: its __init__.py must hold one {wanted.__name__}")
    if kind.name != folder:
        raise RegistryError(f"{where}: its KIND is named {kind.name!r}; it must be named as its folder, {folder!r}")
    return kind
