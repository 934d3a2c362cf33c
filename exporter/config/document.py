"""A YAML file that a user wrote, with the position of everything in it.

Shared by config.yml, rule files, alertmanager.yml and the web configuration: one way to read, to validate and
to report.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from exporter.config.fields import Context
from exporter.config.nodes import Data, MalformedError, Node, compose
from exporter.config.validation import problems_of
from exporter.errors import ConfigError, Place, Problem
from exporter.model.regular_file import read_file

MAX_BYTES: Final = 8 << 20

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file. `name` is how problems call it; relative paths in it start at `base`."""

    name: str
    root: Node
    base: Path

    @classmethod
    def load(cls, path: Path, display_name: str | None = None, *, lenient: bool = False) -> "Document":
        """Read and parse a file.

        Raises `ConfigError` for one that cannot be read, is empty, is not UTF-8 or is not YAML.
        """
        name = display_name or str(path)
        return cls.parse(read_text(path, name), name, base=path.parent, lenient=lenient)

    @classmethod
    def parse(cls, text: str, name: str, *, base: Path | None = None, lenient: bool = False) -> "Document":
        """Parse a text that is at hand; raises `ConfigError`.

        `lenient`, as Go reads rule files: an empty text is an empty mapping, and whatever follows the first
        document of several is ignored.
        """
        try:
            root = compose(text, first_only=lenient)
        except MalformedError as error:
            raise ConfigError(
                Problem((), message, file=name, line=line, column=column)
                for line, column, message in error.problems
            ) from error
        if root is None and lenient:
            root = Node(1, 1, entries={})
        if root is None:
            raise ConfigError([Problem((), "the file is empty", file=name)])
        return cls(name, root, base or Path())

    @property
    def data(self) -> Data:
        """The plain data: dictionaries, lists, None, and text for every scalar (also for numbers)."""
        return self.root.data()

    def locate(self, place: Place) -> tuple[int, int]:
        """(line, column) of the value at a place such as `("targets", 2, "url")`, from 1.

        Where nothing stands there, the position of the nearest thing around it.
        """
        node = self._nearest(place)
        return node.line, node.column

    def locate_key(self, place: Place) -> tuple[int, int]:
        """(line, column) of the key at a place; of the value where the place is an item of a list."""
        parent = self._nearest(place[:-1])
        entry = (parent.entries or {}).get(str(place[-1])) if place else None
        return (entry.key.line, entry.key.column) if entry else self.locate(place)

    def is_quoted(self, place: Place) -> bool:
        """Whether the scalar at a place is in quotes, so that Go takes it for a text and nothing else."""
        return self._nearest(place).quoted

    def problem(self, place: Place, message: str, *, at_key: bool = False) -> Problem:
        """A problem at a place of this file."""
        line, column = self.locate_key(place) if at_key else self.locate(place)
        return Problem(place, message, at_key, self.name, line, column)

    def placed(self, problem: Problem) -> Problem:
        """The same problem with its line and column in this file."""
        return self.problem(problem.place, problem.message, at_key=problem.at_key)

    def _nearest(self, place: Place) -> Node:
        node = self.root
        for step in place:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node


def _child(node: Node, step: str | int) -> Node | None:
    if node.items is not None and len(node.items) == 1 and isinstance(step, str):
        # Where one may stand without a list, problems of one have no index.
        return _child(node.items[0], step)
    if node.items is not None and isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    if node.entries is not None and step in node.entries:
        return node.entries[str(step)].value
    return None


def read_text(path: Path, name: str) -> str:
    """The text of a file that a user wrote; raises `ConfigError` under this name."""
    try:
        content = read_file(path, MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem((), f"cannot be read: {error.strerror}", file=name)]) from error
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem((), f"is larger than {MAX_BYTES >> 20} MiB", file=name)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError([Problem((), "is not UTF-8 text", file=name, line=line, column=column)]) from error


def validate(document: Document, model: type[ModelT]) -> ModelT:
    """The document as a model of this type.

    Raises `ConfigError` with every problem that pydantic and the model's own validators found. Validators get
    a `exporter.config.fields.Context` as pydantic's validation context.
    """
    data = document.data
    try:
        return model.model_validate(data, context=Context(document.base))
    except ValidationError as error:
        problems = map(document.placed, problems_of(error, model, data))
        raise ConfigError(sorted(problems, key=lambda problem: (problem.line, problem.column))) from None
