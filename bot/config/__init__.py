"""What is watched (the fleet file) and how this process runs (settings)."""

from bot.config.loader import load_fleet, parse_fleet
from bot.config.problems import FleetErrors, Problem, SettingsErrors, describe_problems
from bot.config.schema import fleet_schema
from bot.config.settings import Borrowed, Settings, environment, load_settings, secrets_in

__all__ = [
    "Borrowed",
    "FleetErrors",
    "Problem",
    "Settings",
    "SettingsErrors",
    "describe_problems",
    "environment",
    "fleet_schema",
    "load_fleet",
    "load_settings",
    "parse_fleet",
    "secrets_in",
]
