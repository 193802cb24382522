"""Whose spans they are: by the fleet file's map, else by an agent's own name, and never against the token."""

from bot.core.model.fleet import Fleet
from bot.core.telemetry.traces.span_facts import About, SpanFacts
from bot.core.telemetry.traces.span_tree import Whose
from bot.core.telemetry.traces.trace_rules import TraceRules


class SpanOwners:
    """By one state of the fleet file; each name is looked up once, since a thousand runs bear the same few."""

    def __init__(self, rules: TraceRules, fleet: Fleet) -> None:
        self.rules = rules
        self._fleet = fleet
        self._found: dict[tuple[object, ...], str] = {}

    def of(self, writer: str) -> Whose:
        """Whose a span is. What an agent's own token (`writer`) brought is that agent's, or nobody's."""

        def whose(span: SpanFacts) -> str:
            about = span.about
            names = tuple(about.get(key, "") for key in (About.SERVICE, About.AGENT, About.WORKFLOW, About.TENANT))
            found = self._found.get(names)
            if found is None:
                found = self._found[names] = self._look_up(*map(str, names))
            if not writer:
                return found
            return writer if found in ("", writer) else ""

        return whose

    def _look_up(self, service: str, agent: str, workflow: str, tenant: str) -> str:
        fleet = self._fleet
        return self.rules.agent_of(service, agent, workflow, tenant) or next(
            (key for name in (agent, service) if name and (key := fleet.aliases.agent(name)) in fleet.agents), ""
        )
