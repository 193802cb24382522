"""The Jinja2 environments: sandboxed, strict about undefined names, escaping whatever a value holds.

`finalize` escapes for Markdown and hands out `Markup`, which autoescape then lets pass; so a template cannot put a
value out unescaped, not even by mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.markdown.prose import finalize


def environment(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """Build an environment in which templates can read values and do nothing else."""
    made = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=True,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.clear()
    return made


class TemplateProblem(Exception):  # noqa: N818 - what is wrong with a text somebody wrote, for that person to read
    """A template that cannot be rendered. `line` counts from 1 within its source."""

    def __init__(self, what: str, line: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


# Compiling is most of the work, and an incident opens with the same texts as the one before it.
@lru_cache(maxsize=1024)
def _template(sandbox: ImmutableSandboxedEnvironment, source: str) -> Template:
    return sandbox.from_string(source)


@lru_cache(maxsize=256)
def _expression(sandbox: ImmutableSandboxedEnvironment, source: str) -> TemplateExpression:
    return sandbox.compile_expression(source, undefined_to_none=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of template text and the line of its file on which it begins."""

    source: str
    line: int

    def render(self, sandbox: ImmutableSandboxedEnvironment, context: Mapping[str, object]) -> str:
        """Render to Markdown. Raises TemplateProblem."""
        try:
            return _template(sandbox, self.source).render(context)
        except TemplateSyntaxError as error:
            raise TemplateProblem(error.message or "not a template", error.lineno) from error
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateProblem(str(error), _line_of(error.__traceback__)) from error

    def holds(self, sandbox: ImmutableSandboxedEnvironment, context: Mapping[str, object]) -> bool:
        """Evaluate as a condition. Raises TemplateProblem."""
        try:
            return bool(_expression(sandbox, self.source)(**context))
        except TemplateSyntaxError as error:
            raise TemplateProblem(error.message or "not an expression") from error
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateProblem(str(error)) from error

    def names(self, sandbox: ImmutableSandboxedEnvironment, *, condition: bool = False) -> list[tuple[str, int]]:
        """Return the names it takes from the context, each with its line in the source. Raises TemplateProblem."""
        source = f"{{{{ {self.source} }}}}" if condition else self.source
        try:
            tree = sandbox.parse(source)
        except TemplateSyntaxError as error:
            raise TemplateProblem(error.message or "not a template", error.lineno) from error
        lines = source.splitlines()
        found = sorted(meta.find_undeclared_variables(tree))
        return [(name, next((at for at, line in enumerate(lines, 1) if name in line), 1)) for name in found]


def _line_of(traceback: TracebackType | None) -> int:
    """The template's own line: Jinja2 rewrites its frames to point there."""
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
