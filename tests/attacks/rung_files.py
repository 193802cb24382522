"""Who tries to raise a rung, and the fleet files of somebody who may want more."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from bot.core.autonomy.answered import grants_more
from bot.core.model.fleet import Fleet
from bot.core.model.people import BOT, Actor
from bot.core.model.rungs import DEFAULT_LADDER, Ladder
from tests.support.wired import ANA, BO, EVE, fleet

SHELL_BO = Actor("bo", "Bo Lindgren", "U0BO", responder=True, surface="cli")
SHELL_ANA = Actor("ana", "Ana Duarte", "U0ANA", responder=True, surface="cli")
TOKEN_BO = replace(SHELL_BO, proven_by="token")
RENAMED_ANA = replace(ANA, key="ana-2")
"""Ana after her key in the fleet file was changed."""
UNSURE = Actor("U0WHO", "Who", "U0WHO", responder=None)
ANYBODY = st.sampled_from((ANA, BO, EVE, SHELL_ANA, SHELL_BO, TOKEN_BO, RENAMED_ANA, UNSURE, BOT))
RUNGS = DEFAULT_LADDER.names()


def fleet_file(
    normal: str, order: Sequence[str], flows: Sequence[str], fallback: str, *, loose: bool, key: str = "refunds"
) -> Fleet:
    """A fleet file of somebody who may want more."""
    whole = fleet()
    rungs = [DEFAULT_LADDER.rung(name) for name in order]
    if loose:
        rungs = [
            replace(one, grants={"writes": "allow"}) if one.name in ("bounded", "approval") else one for one in rungs
        ]
    old = whole.agents["refunds"]
    agent = replace(
        old,
        key=key,
        normal_rung=normal,
        workflows=tuple(flows),
        control=replace(old.control, fallback_rung=fallback),
        containment="auto",
    )
    return replace(whole, agents={key: agent}, ladder=Ladder(tuple(rungs)))


def _loads(file: Fleet) -> bool:
    """Whether the loader lets it through: a ladder whose rungs only lower."""
    return not any(grants_more(upper.grants, lower.grants) for upper, lower in pairwise(file.ladder))


FILES = st.builds(
    fleet_file,
    st.sampled_from(RUNGS[1:]),
    st.sampled_from((RUNGS, RUNGS, (RUNGS[1], RUNGS[0], *RUNGS[2:]), (*RUNGS[:4], RUNGS[5], RUNGS[4]), RUNGS[1:])),
    st.sampled_from((("refund",), ("refund", "goodwill"), ("refunds",), ())),
    st.sampled_from(("read-only", "full", "suspended")),
    loose=st.booleans(),
    key=st.sampled_from(("refunds", "refunds", "refunds", "refunds-eu")),
).filter(_loads)
