"""Pages of rule groups: `group_limit` and `group_next_token` of `/api/v1/rules`."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from exporter.web.api_v1.parameters import Parameters, parse_integer
from exporter.web.api_v1.reply import BadDataError


@dataclass(frozen=True, slots=True)
class Page:
    """A page of at most `size` groups (None: of all), which begins with the one that `token` names."""

    size: int | None
    token: str

    @classmethod
    def of(cls, parameters: Parameters) -> "Page":
        """The page that a request asks for. Raises `BadDataError`."""
        size, token = parameters.text("group_limit"), parameters.text("group_next_token")
        if token and not size:
            raise BadDataError(
                'invalid parameter "group_next_token": group_limit needs to be present in order to paginate '
                "over the groups"
            )
        return cls(_size(size) if size else None, token)

    def cut(self, groups: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """The page of these groups, with the token of the next one where there is one.

        Raises `BadDataError` where the token names no group.
        """
        found: list[dict[str, Any]] = []
        has_begun = self.size is None or not self.token
        for group in groups:
            has_begun = has_begun or _token(group) == self.token
            if has_begun and len(found) == self.size:
                return {"groups": found, "groupNextToken": _token(group)}
            if has_begun:
                found.append(group)
        if not has_begun:
            raise BadDataError(
                f"invalid parameter \"group_next_token\": invalid group_next_token '{self.token}'. "
                "were rule groups changed?"
            )
        return {"groups": found}


def _size(text: str) -> int:
    try:
        size = parse_integer(text, "ParseInt", 32)
    except ValueError as error:
        raise BadDataError(
            f'invalid parameter "group_limit": group_limit needs to be a valid number: {error}'
        ) from None
    if size <= 0:
        raise BadDataError('invalid parameter "group_limit": group_limit needs to be greater than 0')
    return size


def _token(group: dict[str, Any]) -> str:
    return sha256(f"{group['file']};{group['name']}".encode("utf-8", "replace")).hexdigest()
