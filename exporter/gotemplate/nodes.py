"""Nodes make up the parsed template: frozen, each with the offset at which it begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Dot:
    """The dot: `.`."""

    offset: int


@dataclass(frozen=True, slots=True)
class Nil:
    """The literal `nil`."""

    offset: int


@dataclass(frozen=True, slots=True)
class Bool:
    """The literal `true` or `false`."""

    offset: int
    value: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal, or the text between two actions."""

    offset: int
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number: `whole` where it has an integer value, `real` where it has one as a floating-point number.

    `ideal` is its value where nothing says which of the two is wanted; None where that would overflow.
    """

    offset: int
    text: str
    whole: int | None
    real: float | None
    ideal: int | float | None


@dataclass(frozen=True, slots=True)
class Field:
    """A chain of fields of the dot: `.A.B`."""

    offset: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.A.B`; the name includes the dollar sign."""

    offset: int
    name: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    offset: int
    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).A.B`, or `function.A.B`."""

    offset: int
    base: "Operand"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """One stage of a pipeline: an operand, or a function or method and its arguments."""

    offset: int
    operands: "tuple[Operand, ...]"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline: `$a, $b := command | command`."""

    offset: int
    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False


Operand: TypeAlias = Dot | Nil | Bool | Text | Number | Field | Variable | Identifier | Chain | Pipeline


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose value is printed, unless it sets variables."""

    offset: int
    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """One condition of an `if` or `with`, and what it guards; a `with` makes its value the dot."""

    pipeline: Pipeline
    body: "Block"
    sets_dot: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """`if` or `with`, its `else if` and `else with`, and its `else`."""

    offset: int
    branches: tuple[Branch, ...]
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Range:
    """`range` with its `else`."""

    offset: int
    pipeline: Pipeline
    body: "Block"
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Call:
    """The call of a template: `template "name" pipeline`."""

    offset: int
    name: str
    pipeline: Pipeline | None


@dataclass(frozen=True, slots=True)
class Break:
    """The action `break`."""

    offset: int


@dataclass(frozen=True, slots=True)
class Continue:
    """The action `continue`."""

    offset: int


Node: TypeAlias = Text | Action | Choice | Range | Call | Break | Continue
Block: TypeAlias = tuple[Node, ...]


def is_empty(block: Block) -> bool:
    """Tell whether a template has nothing but white space; such a one never replaces another."""
    return all(isinstance(node, Text) and not node.value.strip() for node in block)


def called_names(block: Block) -> Iterator[str]:
    """The names of the templates that are called anywhere in a block."""
    for node in block:
        match node:
            case Call(name=name):
                yield name
            case Choice(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from called_names(branch.body)
                yield from called_names(otherwise)
            case Range(body=body, otherwise=otherwise):
                yield from called_names(body)
                yield from called_names(otherwise)
            case _:
                pass
