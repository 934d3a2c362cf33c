"""Templates and sets of templates are what other packages use."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.errors import TemplateError
from exporter.gotemplate.budget import ExpansionBudget
from exporter.gotemplate.builtins import BUILTINS
from exporter.gotemplate.evaluator import Evaluator
from exporter.gotemplate.html import HtmlOutput
from exporter.gotemplate.limits import DEFAULT_LIMITS, Limits
from exporter.gotemplate.nodes import called_names, is_empty
from exporter.gotemplate.output import TextOutput
from exporter.gotemplate.parser import Definition, ParsedText, parse_text
from exporter.gotemplate.source import Source
from exporter.gotemplate.values import Function, to_valid


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template with everything that it may call by name."""

    main: Definition
    definitions: Mapping[str, Definition]

    def expand(
        self,
        data: object,
        functions: Mapping[str, Function] | None = None,
        *,
        variables: Mapping[str, object] | None = None,
        html: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> str:
        """Return the text that the template makes of the data.

        `functions` come before Go's own, and are those that `parse` knew. `variables` are the values of those
        that `parse` declared, such as `$labels`. With `html` every value is escaped for the place where it
        stands. The result can always be encoded as UTF-8. Raises `TemplateError`.
        """
        budget = ExpansionBudget(limits)
        output = HtmlOutput(budget) if html else TextOutput(budget)
        evaluator = Evaluator(self.main, self.definitions, functions or {}, BUILTINS, output, budget)
        evaluator.run(data, variables or {})
        return to_valid(output.result())

    def undefined(self) -> Iterator[str]:
        """The names of the templates that it calls, itself or by way of others, and that do not exist."""
        seen: set[str] = set()
        waiting = [self.main]
        while waiting:
            for name in called_names(waiting.pop().block):
                if name in seen:
                    continue
                seen.add(name)
                definition = self.definitions.get(name)
                if definition is None:
                    yield name
                else:
                    waiting.append(definition)


@dataclass(slots=True)
class TemplateSet:
    """Templates that call each other by name; what is added later replaces what has the same name.

    `functions` are the names of the functions that `expand` will be given, besides Go's own.
    """

    functions: Collection[str] = ()
    limits: Limits = DEFAULT_LIMITS
    _definitions: dict[str, Definition] = field(default_factory=dict)

    def add(self, text: str, *, name: str) -> None:
        """Take over what a file defines; the file itself can be called by the last part of its name.

        Raises `TemplateError`, and then the set is as before.
        """
        parsed = self._parse(text, name, ())
        base = name.rpartition("/")[2]
        _merge(self._definitions, {**parsed.definitions, base: parsed.main})

    def parse(self, text: str, *, name: str, variables: Collection[str] = ()) -> Template:
        """A template that can call those of this set; the set stays as it is.

        Raises `TemplateError`.
        """
        parsed = self._parse(text, name, variables)
        definitions = dict(self._definitions)
        _merge(definitions, parsed.definitions)
        return Template(parsed.main, definitions)

    def __contains__(self, name: object) -> bool:
        return name in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def copy(self) -> "TemplateSet":
        """Another set that begins with the same templates."""
        return TemplateSet(self.functions, self.limits, dict(self._definitions))

    def _parse(self, text: str, name: str, variables: Collection[str]) -> ParsedText:
        source = Source(name, text)
        known = {*BUILTINS, *self.functions}
        try:
            return parse_text(source, functions=known, variables=variables, limits=self.limits)
        except RecursionError as error:
            raise TemplateError("nested too deeply", name=name) from error


def _merge(into: dict[str, Definition], new: Mapping[str, Definition]) -> None:
    """Merge definitions as Go does: an empty template never replaces another."""
    for name, definition in new.items():
        if name not in into or not is_empty(definition.block):
            into[name] = definition


def parse(
    text: str,
    *,
    name: str,
    functions: Collection[str] = (),
    definitions: TemplateSet | None = None,
    variables: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Template:
    """A template of its own, or one that can call those of a set.

    `functions` are the names of the functions that `expand` will be given, in addition to Go's own and those
    that the set knows; `variables` those that exist beside `$`, with their dollar sign.

    Raises `TemplateError`.
    """
    known = TemplateSet(functions, limits) if definitions is None else definitions.copy()
    known.functions = {*known.functions, *functions}
    return known.parse(text, name=name, variables=variables)
