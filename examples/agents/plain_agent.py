"""An agent that obeys its rung with the standard library alone: one GET before every write.

Each question is also the acknowledgement: it says what this instance applies now. A 304 costs next to nothing and means
that the answer at hand still holds.
"""

import json
import os
import time
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

URL = f"{os.environ['STEPDOWN_URL']}/v1/agents/{os.environ['STEPDOWN_AGENT']}/autonomy"
# Until Stepdown was reached once, an agent has no more than its fallback.
nothing = {"writes": "deny"}
rung = {"level": "read-only", "epoch": 0, "grants": nothing, "not_after": "1970-01-01T00:00:00Z"}
rung |= {"fallback": "read-only", "fallback_grants": nothing}
headers = {"Authorization": f"Bearer {os.environ['STEPDOWN_TOKEN']}"}

while rung["level"] != "suspended":
    query = {"instance": f"py-{os.getpid()}", "appliedLevel": rung["level"], "appliedEpoch": rung["epoch"]}
    try:
        with urlopen(Request(f"{URL}?{urlencode(query)}", headers=headers), timeout=5) as answer:  # noqa: S310 - our own URL
            told, tag = json.load(answer), answer.headers["ETag"]
        if told["epoch"] >= rung["epoch"]:
            rung, headers["If-None-Match"] = told, tag
    except (OSError, ValueError, HTTPException) as error:
        unchanged = isinstance(error, HTTPError) and error.code == HTTPStatus.NOT_MODIFIED
        if not unchanged and datetime.now(UTC) >= datetime.fromisoformat(rung["not_after"]):
            # out of contact, and the lease is over: the fallback's name and its grants
            rung = {**rung, "level": rung["fallback"], "grants": rung["fallback_grants"]}
            headers.pop("If-None-Match", None)
    print(f"{rung['level']} (epoch {rung['epoch']}), writes: {rung['grants']['writes']}", flush=True)
    # Here the agent works, as far as rung["grants"] lets it.
    time.sleep(float(os.environ.get("POLL_SECONDS", "3")))
