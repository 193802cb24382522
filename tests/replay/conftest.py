"""The ways of making minutes and SLIs that the tests of the core use."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
