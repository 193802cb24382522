"""Where a running bot keeps its exercises: starts them, answers `/tabletop`, and says whose commands a click is for.

An exercise has incident ids, an agent key and a channel that nothing real has. By these a command finds its way: to the
commands of its exercise or to the real ones. Neither knows of the other.
"""

import random
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.core.cards.answer import Answer
from bot.core.exercises.past_incident import rehearsal_of
from bot.core.formatting.typed_number import typed_number
from bot.core.incident import permissions
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Actor, Person
from bot.core.reports.postmortem_report import Chart
from bot.core.runbooks.playbook import Playbook
from bot.core.runbooks.rehearsal import Rehearsal
from bot.documents.after_action import AfterActionDocuments
from bot.documents.render import MarkdownDocuments
from bot.engine.name_lookup import Unknown, find_agent, find_person, nearest
from bot.exercises import facilitation, player_actions
from bot.exercises.exercise import Exercise, Participants
from bot.exercises.exercise_engine import ExerciseEngine, ExerciseSite, exercise_of
from bot.exercises.live import ChatStage, LiveExercise
from bot.exercises.marking import MARK, MarkedChat, MarkedPager
from bot.exercises.results import coverage, results
from bot.exercises.unfinished import Unfinished
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError
from bot.ports.pagers import Pager
from bot.ports.store import Store
from bot.simulation.clock import HeldClock
from bot.simulation.exercise_fleet import PREFIX, exercise_fleet
from bot.simulation.rehearsal_world import RehearsedWorld
from bot.slack import Slack
from bot.slack.commands.verbs import ParsedCommand
from bot.slack.inbound.listeners import CommandScope
from bot.slack.inbound.modals import FormPlace

DEFAULT_SPEED = 1.0
MOST_AT_ONCE = 5
MOST_PLAYERS = 10
_INCIDENT = re.compile(r"inc-?0*(\d{1,9})", re.IGNORECASE)
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class HostDependencies:
    """What the real bot lends: its Slack, its pagers, its fleet and store to look at, and folders."""

    slack: Slack
    pagers: Mapping[str, Pager]
    fleet: Callable[[], Fleet]
    store: Store
    clock: Clock
    playbooks: Callable[[], Iterable[Playbook]]
    runbooks_dir: Path
    data_dir: Path
    drawer: Callable[[Chart], bytes]
    seed: Callable[[], int] = lambda: random.randrange(1, 1_000_000)  # noqa: S311 - noise of a simulation


@dataclass
class ExerciseHost:
    """Implements `ports.Tabletop`. Safe to use from any thread."""

    dependencies: HostDependencies
    live_exercises: dict[int, LiveExercise] = field(default_factory=dict)
    _scopes: dict[int, CommandScope] = field(default_factory=dict)
    _seen: dict[int, set[tuple[int, str]]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _unfinished: Unfinished = field(init=False)

    def __post_init__(self) -> None:
        self._unfinished = Unfinished(self.dependencies.slack.chat, self.folder)

    @property
    def folder(self) -> Path:
        """Where exercises are kept."""
        return self.dependencies.data_dir / "exercises"

    # Whose commands.

    def route(self, said: ParsedCommand, place: FormPlace) -> tuple[CommandScope | None, ParsedCommand]:
        """The exercise's commands where the command is about an exercise; None where it is about the real thing."""
        if said.verb.root == "tabletop":
            return None, said
        if said.verb.about == "incident" and said.subject:
            return self._scopes.get(exercise_of(int(said.subject))), said
        by_agent = self._by_agent(said.subject) if said.verb.about == "agent" and said.subject else None
        if by_agent is not None:
            return by_agent, said
        here = self._in(place.channel)
        scope = None if here is None else self._scopes.get(here.exercise.number)
        return scope, self._renamed(said, scope)

    def _by_agent(self, agent: str) -> CommandScope | None:
        """By a key that only exercises have; the newest exercise of that agent."""
        named = [number for number, scope in self._scopes.items() if agent in scope.fleet().agents]
        return self._scopes[max(named)] if named else None

    def _renamed(self, said: ParsedCommand, scope: CommandScope | None) -> ParsedCommand:
        """In an exercise's channel `refunds` means the simulated one."""
        simulated = PREFIX + said.subject
        known = scope is not None and said.verb.about == "agent" and simulated in scope.fleet().agents
        return replace(said, subject=simulated) if known else said

    def _in(self, channel: str) -> LiveExercise | None:
        return next((live for live in self.live_exercises.values() if channel and live.channel == channel), None)

    # What people ask for.

    def ask(self, actor: Actor, channel: str, verb: str, words: Mapping[str, str]) -> Answer:
        """Do what `/tabletop` says."""
        anywhere: Mapping[str, Callable[[], Answer]] = {
            "list": self._list,
            "start": lambda: self._start(actor, words),
            "coverage": self._coverage,
        }
        if verb in anywhere:
            return anywhere[verb]()
        live = self._meant(actor, channel, words.get("exercise", ""))
        if live is None:
            return Answer("There is no exercise here. `/tabletop list` shows what runs.", ok=False)
        answer = self._in_exercise(live, actor, verb, words)
        return replace(answer, text=f"{MARK}{answer.text}")

    def _in_exercise(self, live: LiveExercise, actor: Actor, verb: str, words: Mapping[str, str]) -> Answer:
        exercise, who = live.exercise, actor.key
        if verb in facilitation.ACTS:
            return facilitation.act(exercise, who, verb, {**words, "inject": words.get("inject", "")})
        if verb == "console":
            return self._console(live, who)
        if verb == "real":
            return player_actions.real(exercise, who, actor.name)
        if verb == "status":
            return player_actions.status(exercise)
        if who not in exercise.participants.players and who != exercise.participants.facilitator:
            return Answer("You do not play in this exercise.", ok=False)
        acts: Mapping[str, Callable[[], Answer]] = {
            "look": lambda: player_actions.look(exercise, who, words.get("what", "")),
            "do": lambda: player_actions.do(exercise, who, words.get("what", "")),
            "hint": lambda: player_actions.hint(exercise, who),
            "answer": lambda: player_actions.answer(exercise, who, words.get("N", ""), words.get("text", "")),
            "confidence": lambda: player_actions.confident(exercise, who, words.get("N", "")),
            "report": lambda: self._report(live),
        }
        found = acts[verb]()
        live.stage.wake.set()
        return found

    def _meant(self, actor: Actor, channel: str, number: str) -> LiveExercise | None:
        """By number (a button), else the channel's, else the newest with a part for the person, else the only one."""
        if number.isdigit():
            return self.live_exercises.get(typed_number(number) or 0)
        here = self._in(channel)
        if here is not None:
            return here
        running = [live for live in self.live_exercises.values() if not live.exercise.over] or list(
            self.live_exercises.values()
        )
        mine = [
            one
            for one in running
            if actor.key in (*one.exercise.participants.players, one.exercise.participants.facilitator)
        ]
        if mine:
            return mine[-1]
        return running[0] if len(running) == 1 else None

    def _console(self, live: LiveExercise, who: str) -> Answer:
        if who != live.exercise.participants.facilitator:
            return Answer("The console is for the facilitator.", ok=False)
        live.show_console_again()
        return Answer("The console comes as a direct message.")

    def _report(self, live: LiveExercise) -> Answer:
        if not live.exercise.over:
            return Answer("The report follows when it is over.", ok=False)
        live.want_report()
        return Answer("The report is being written; it will be posted in the drill's channel.")

    def _list(self) -> Answer:
        known = [f"• {one.playbook}: {one.title}" for one in self._rehearsals().values()]
        running = [
            f"• exercise {number} in #{live.channel_name}: {player_actions.status(live.exercise).text}"
            for number, live in self.live_exercises.items()
            if not live.exercise.over
        ]
        return Answer("\n".join(["Running:", *(running or ["none"]), "Can be rehearsed:", *(known or ["none"])]))

    def _coverage(self) -> Answer:
        agents = [(agent.key, agent.top_failures) for agent in self.dependencies.fleet().agents.values()]
        lines = coverage(results(self.folder), agents, self.dependencies.clock.now())
        return Answer("\n".join(f"• {line}" for line in lines) or "There is no agent.")

    def _rehearsals(self) -> dict[str, Rehearsal]:
        return {one.name: one.rehearsal for one in self.dependencies.playbooks() if one.rehearsal is not None}

    # Starting one.

    def _start(self, actor: Actor, words: Mapping[str, str]) -> Answer:
        try:
            rehearsal = self._rehearsal(words.get("PLAYBOOK", ""))
            agent = self._agent(words.get("agent", ""))
            players = self._people(words.get("players", "")) or (self._person(actor.slack or actor.key),)
            guide = self._person(words["facilitator"]) if words.get("facilitator") else None
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if refusal := permissions.may_respond(actor, agent) or self._refused(words, players, guide):
            return Answer(refusal, ok=False)
        try:
            live = self._set_up(rehearsal, agent, players, guide, words)
        except DeliveryError as error:
            return Answer(f"Slack did not make the channel: {error}. Nothing began.", ok=False)
        names = ", ".join(person.name for person in players)
        told = f", {guide.name} facilitates" if guide else ", it runs by itself"
        return Answer(f"Exercise {live.exercise.number} begins in #{live.channel_name}: {names}{told}.")

    def _refused(self, words: Mapping[str, str], players: Sequence[Person], guide: Person | None) -> str:
        speed = words.get("speed", "")
        if speed and not self._speed(speed):
            return f"{speed!r} is not a speed: 1x to {facilitation.FASTEST:g}x."
        if len(players) > MOST_PLAYERS:
            return f"{len(players)} players are too many; {MOST_PLAYERS} may play."
        if guide is not None and guide.key in {person.key for person in players}:
            return (
                "Who facilitates knows what is wrong and cannot play. Leave `facilitator` out to let it run by itself."
            )
        if sum(not live.exercise.over for live in self.live_exercises.values()) >= MOST_AT_ONCE:
            return f"{MOST_AT_ONCE} exercises run already."
        return ""

    def _speed(self, text: str) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[xX×]?", text.strip())  # noqa: RUF001 - phones write the sign
        return float(found[1]) if found and 0 < float(found[1]) <= facilitation.FASTEST else 0.0

    def _rehearsal(self, name: str) -> Rehearsal:
        known = self._rehearsals()
        if found := _INCIDENT.fullmatch(name.strip()):
            return self._again(int(found[1]))
        if name.casefold() == "random" and known:
            return random.choice(list(known.values()))  # noqa: S311 - a lot, no secret
        return known[nearest(name, known, "playbook")]

    def _again(self, number: int) -> Rehearsal:
        """A past incident as a rehearsal."""
        store, ladder = self.dependencies.store, self.dependencies.fleet().ladder
        incident = store.incident(number)
        if incident is None:
            raise Unknown(f"There is no incident INC-{number:04d}.")
        try:
            return rehearsal_of(incident, store.entries(number), ladder)
        except ValueError as why:
            raise Unknown(str(why)) from why

    def _agent(self, name: str) -> Agent:
        fleet = self.dependencies.fleet()
        if not name and len(fleet.agents) == 1:
            return next(iter(fleet.agents.values()))
        if not name:
            raise Unknown(f"Which agent? Say agent NAME. There are: {', '.join(list(fleet.agents)[:20])}.")
        return fleet.agents[find_agent(fleet, name)]

    def _people(self, text: str) -> tuple[Person, ...]:
        plain = re.sub(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>", r" \1 ", text)
        found = [self._person(word) for word in re.split(r"[\s,]+", plain) if word and word.casefold() != "and"]
        return tuple({person.key: person for person in found}.values())

    def _person(self, word: str) -> Person:
        """Somebody of the fleet, or any member of the workspace by mention."""
        wanted = (_MENTION.match(word) or [word, word])[1].strip("@<>")
        fleet = self.dependencies.fleet()
        known = fleet.person_by_slack(wanted)
        if known is not None:
            return known
        if re.fullmatch(r"[UW][A-Z0-9]{2,}", wanted):
            name = self.dependencies.slack.access.actor(wanted).name
            return Person(wanted, name, slack=wanted)
        return fleet.people[find_person(fleet, wanted)]

    def _set_up(
        self,
        rehearsal: Rehearsal,
        agent: Agent,
        players: Sequence[Person],
        guide: Person | None,
        words: Mapping[str, str],
    ) -> LiveExercise:
        number, folder = self._next_folder()
        slack, fleet = self.dependencies.slack, self.dependencies.fleet()
        everybody = [*players, *([guide] if guide else [])]
        name = f"drill-{number:04d}-{agent.key}"[:80]
        topic = f"{MARK}Exercise {number} on a simulated {agent.key}. Something real: /tabletop real"
        channel = slack.chat.open_channel(name, topic, everybody, f"drill-{number}/channel").channel
        chat = MarkedChat(slack.chat, channel, frozenset(person.key for person in everybody))
        clock = HeldClock(self._speed(words.get("speed", "")) or DEFAULT_SPEED)
        world = RehearsedWorld(rehearsal, PREFIX + agent.key, clock, self.dependencies.seed())
        phones = words.get("phones", "").casefold() in ("yes", "on", "true")
        mine = exercise_fleet(rehearsal, agent, players, channel, fleet.ladder, fleet.escalation, phones=phones)
        engine = ExerciseEngine(self._site(number, folder, mine, world, clock, chat, players))
        stage = ChatStage(number, chat, {one.key: one for one in players}, lambda: engine)
        participants = Participants(
            tuple(one.key for one in players), guide.key if guide else "", {one.key: one.name for one in players}
        )
        exercise = Exercise(number, rehearsal, participants, world, clock, fleet.ladder, stage)
        documents = AfterActionDocuments(self.dependencies.data_dir, self.dependencies.drawer)
        live = LiveExercise(exercise, engine, stage, documents, self.folder, name, guide)
        self._unfinished.begin(folder, number, channel)
        with self._lock:
            self.live_exercises[number] = live
            self._scopes[number] = CommandScope(engine.commands, slack.access.of(engine.fleet), engine.fleet, MARK)
            self._seen[number] = self._involved(exercise.participants)
        live.start()
        return live

    def _site(
        self,
        number: int,
        folder: Path,
        fleet: Fleet,
        world: RehearsedWorld,
        clock: HeldClock,
        chat: MarkedChat,
        players: Sequence[Person],
    ) -> ExerciseSite:
        keys = frozenset(person.key for person in players)
        pagers = {kind: MarkedPager(pager, keys) for kind, pager in self.dependencies.pagers.items()}
        return ExerciseSite(
            number,
            folder,
            fleet,
            world.world,
            clock,
            chat,
            pagers,
            self.dependencies.runbooks_dir,
            self.dependencies.playbooks,
            MarkdownDocuments(folder, self.dependencies.drawer),
        )

    def _next_folder(self) -> tuple[int, Path]:
        """The next number; making its folder is what takes it."""
        for number in range(1, 100_000):
            folder = self.folder / f"drill-{number:04d}"
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return number, folder
        raise DeliveryError("there are too many exercises in the data folder", permanent=True)

    # Safety.

    def tick(self) -> None:
        """A real incident that pages a player holds the exercise, at once; those that another process left are told."""
        self._unfinished.tell()
        for number, live in list(self.live_exercises.items()):
            if live.exercise.over:
                if live.report_path:
                    self._unfinished.done(number)
                continue
            fresh = self._involved(live.exercise.participants) - self._seen[number]
            if not fresh:
                continue
            self._seen[number] |= fresh
            incident_id, key = min(fresh)
            incident = self.dependencies.store.incident(incident_id)
            people = self.dependencies.fleet().people
            who = people[key].name if key in people else key
            if incident is not None:
                live.exercise.hold(
                    f"this is real: {incident.number} on {incident.agent} has paged {who}. The drill waits; "
                    "/tabletop resume when it is over, /tabletop real to end it"
                )

    def _involved(self, participants: Participants) -> set[tuple[int, str]]:
        """Real open incidents that page or belong to a player."""
        part = {*participants.players, participants.facilitator} - {""}
        return {
            (incident.id, key)
            for incident in self.dependencies.store.open_incidents()
            for key in (*incident.escalation.paged, incident.acked_by)
            if key in part
        }

    def stop(self) -> None:
        """End what runs, and say so."""
        for live in self.live_exercises.values():
            live.exercise.end("Stepdown was stopped")
            live.close()
            self._unfinished.done(live.exercise.number)
