"""`Notes`: what a migration says, as it goes through the file of another program."""

from dataclasses import dataclass, field

from exporter.config.document import Document
from exporter.errors import Place


@dataclass(slots=True)
class Notes:
    """Sentences for whoever migrates: what was taken over, and what is otherwise afterwards.

    A sentence about a place of a file begins with `file:line`.
    """

    found: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)

    def take(self, sentence: str) -> None:
        """Something was taken over."""
        self.found.append(sentence)

    def differ(self, sentence: str, where: str = "") -> None:
        """Something is otherwise than it was, or is left to the user; the same is said once."""
        line = f"{where}: {sentence}" if where else sentence
        if line not in self.differs:
            self.differs.append(line)


def line_of(document: Document, place: Place, *, at_key: bool = False) -> str:
    """`file:line` of a value, or of its key, in a YAML file."""
    line, _ = document.locate_key(place) if at_key else document.locate(place)
    return f"{document.name}:{line}"
