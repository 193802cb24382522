"""`stepdown local-slack`: a local Slack on its own, for any app in any language."""

import json
import signal
import sys
import threading
from pathlib import Path

from bot.localslack.server import LocalSlack
from bot.localslack.state import manifest as manifests
from bot.localslack.state.manifest import ManifestError
from bot.localslack.state.workspace import Workspace, WorkspaceError

WRONG_INPUT = 2
HIGHEST_PORT = 65_535


def serve(port: int, workspace: str | None, manifest: str | None) -> int:
    """Serve until SIGINT or SIGTERM; one JSON line on stdout says where. Wrong input: one line on stderr and 2."""
    try:
        slack = LocalSlack(_workspace(workspace, manifest), port=_port(port)).start()
    except (WorkspaceError, ManifestError, ValueError) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"port {port} on 127.0.0.1 cannot be used: {error.strerror}; choose another with --port")
    _announce(slack)
    _until_told()
    slack.stop()
    return 0


def _port(port: int) -> int:
    if not 0 <= port <= HIGHEST_PORT:
        raise ValueError(f"the port must be 0 (any free one) to {HIGHEST_PORT}, found {port}")
    return port


def _workspace(workspace: str | None, manifest: str | None) -> Workspace:
    loaded = Workspace.load(workspace) if workspace else Workspace.default()
    return loaded.with_manifest(manifests.load(Path(manifest))) if manifest else loaded


def _failed(words: str) -> int:
    sys.stderr.write(f"local-slack: {' '.join(words.split())}\n")
    return WRONG_INPUT


def _announce(slack: LocalSlack) -> None:
    line = {
        "url": slack.url,
        "api_url": slack.api_url,
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "signing_secret": slack.signing_secret,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _until_told() -> None:
    told = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: told.set())
    told.wait()
