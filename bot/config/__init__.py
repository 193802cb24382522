"""What is watched (the fleet file) and how this process runs (settings)."""

from bot.config.problems import FleetErrors, Problem, SettingsErrors, describe_problems
from bot.config.settings import Settings, environment, load_settings

__all__ = [
    "FleetErrors",
    "Problem",
    "Settings",
    "SettingsErrors",
    "describe_problems",
    "environment",
    "load_settings",
]
