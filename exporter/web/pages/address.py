"""Addresses of pages: what a page shows is said in its query string, and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request

LONGEST_VALUE: Final = 4_096


class PageError(Exception):
    """A page cannot be shown: `status` is that of HTTP, the text a sentence for whoever asked."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Address:
    """The address of the page that is shown; links to it with other parameters are made by `with_`.

    `root` leads from it to the root of the daemon, as `../`: a proxy may have put a path before that.
    """

    path: str
    root: str
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> "Address":
        """The address that was asked for."""
        raw = request.scope.get("raw_path") or request.url.path.encode()
        depth = raw.count(b"/") - 1
        parameters: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            parameters.setdefault(name, []).append(value)
        return cls(request.url.path, "../" * depth or "./", parameters)

    def text(self, name: str, default: str = "") -> str:
        """The value of a parameter; the last one where it is given several times. Raises `PageError`."""
        value = self.parameters.get(name, (default,))[-1].strip()
        if len(value) > LONGEST_VALUE:
            raise PageError(400, f"The parameter {name} is longer than {LONGEST_VALUE:,} characters.")
        return value

    def texts(self, name: str) -> Sequence[str]:
        """All values of a parameter that are not empty."""
        return [value for value in self.parameters.get(name, ()) if value.strip()]

    def flag(self, name: str) -> bool:
        """Whether a parameter is given and not 0. Raises `PageError`."""
        return self.text(name) not in ("", "0")

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of several values. Raises `PageError` for another."""
        value = self.text(name) or default
        if value not in choices:
            raise PageError(400, f"The parameter {name} is one of {', '.join(choices)}.")
        return value

    def with_(self, **changes: object) -> str:
        """The same page with other parameters, as a relative link; None takes one away."""
        kept = {name: list(values) for name, values in self.parameters.items()}
        for name, value in changes.items():
            kept.pop(name, None)
            if value is not None:
                kept[name] = [str(value)]
        return "?" + urlencode(kept, doseq=True)

    def to(self, *segments: str, **parameters: object) -> str:
        """Link to another page: segments of its path, and its parameters; None is left out."""
        path = self.root + "/".join(quote(segment, safe="") for segment in segments)
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return f"{path}?{urlencode(given)}" if given else path
