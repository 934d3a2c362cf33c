"""How redis_exporter is started somewhere: its arguments, its environment, and where its paths begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class Invocation:
    """One start of redis_exporter.

    A value of the `environment` that is not known here is `${NAME}`, the variable that it is handed over in.
    `origin` says where this was found, for people; `base` is where relative paths begin. `remarks` are
    sentences about it.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    origin: str = "its command line and environment"
    base: Path = Path()
    in_container: bool = False
    remarks: Sequence[str] = ()

    def path(self, text: str) -> Path:
        """A path as it is found from anywhere."""
        return (self.base / text).absolute()
