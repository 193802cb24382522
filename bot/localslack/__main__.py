"""`python -m bot.localslack`: the same as `stepdown local-slack`."""

import argparse
import sys

from bot.localslack.command import serve


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.localslack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--workspace", help="JSON or YAML file with users, groups and channels")
    parser.add_argument("--manifest", help="the app's manifest, JSON or YAML")
    given = parser.parse_args()
    return serve(given.port, given.workspace, given.manifest)


if __name__ == "__main__":
    sys.exit(main())
