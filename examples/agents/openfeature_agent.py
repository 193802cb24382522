"""An agent that obeys its rung through the OpenFeature SDK: pip install openfeature-sdk openfeature-provider-ofrep.

Ask before every write. Each question is also the acknowledgement: it says what this instance applies now.
"""

import os
import time
from datetime import UTC, datetime

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

TOKEN = {"Authorization": f"Bearer {os.environ['STEPDOWN_TOKEN']}"}
api.set_provider(OFREPProvider(os.environ["STEPDOWN_URL"], headers_factory=lambda: TOKEN))
flags = api.get_client()
# Until Stepdown was reached once, an agent has no more than its fallback.
nothing = {"writes": "deny"}
rung = {"level": "read-only", "epoch": 0, "grants": nothing, "not_after": "1970-01-01T00:00:00Z"}
rung |= {"fallback": "read-only", "fallback_grants": nothing}

while rung["level"] != "suspended":
    applied = {"instance": f"py-{os.getpid()}", "appliedLevel": rung["level"], "appliedEpoch": rung["epoch"]}
    told = flags.get_object_value("autonomy", {}, EvaluationContext(os.environ["STEPDOWN_AGENT"], applied))
    if told and told["epoch"] >= rung["epoch"]:
        rung = told
    elif datetime.now(UTC) >= datetime.fromisoformat(rung["not_after"]):
        # out of contact, and the lease is over: the fallback's name and its grants
        rung = {**rung, "level": rung["fallback"], "grants": rung["fallback_grants"]}
    print(f"{rung['level']} (epoch {rung['epoch']}), writes: {rung['grants']['writes']}", flush=True)
    # Here the agent works, as far as rung["grants"] lets it.
    time.sleep(float(os.environ.get("POLL_SECONDS", "3")))
