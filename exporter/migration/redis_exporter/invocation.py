"""How redis_exporter is started somewhere: its arguments, its environment, and where its paths begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class Invocation:
    """One start of redis_exporter.

    `environment` has the variables that are known; `elsewhere` the names of those whose values are not known
    here, such as those from a Kubernetes Secret. `origin` says where it was found, for people; `base` is
    where relative paths begin, `in_container` whether they are those of a container.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    base: Path = Path()
    in_container: bool = False
    remarks: Sequence[str] = ()

    def path(self, text: str) -> Path:
        """A path as it is found from anywhere."""
        return (self.base / text).absolute()

    def variable_of(self, name: str) -> str:
        """The variable in which the value of one of redis_exporter's variables is handed over, if any."""
        return self.elsewhere.get(name, "")
