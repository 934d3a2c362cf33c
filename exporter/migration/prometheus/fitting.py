"""`fit`: takes of a section of Prometheus what a section of ours has, and says what it has not."""

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from exporter.config.document import Document
from exporter.config.fields import Context
from exporter.config.validation import problems_of
from exporter.errors import Place, describe
from exporter.migration.notes import Notes, line_of
from exporter.migration.passwords import SecretFiles
from exporter.model.secret import Secret

_SECRETS: Final = {
    "password": "password_file",
    "credentials": "credentials_file",
    "bearer_token": "bearer_token_file",
    "client_secret": "client_secret_file",
}
"""Keys with a secret, and those that name a file with it."""
_KEY: Final = "key"
_MOST_PROBLEMS: Final = 100


def fit(
    model: type[BaseModel],
    data: Mapping[str, Any],
    document: Document,
    place: Place,
    notes: Notes,
    essential: Collection[str] = (),
) -> dict[str, Any] | None:
    """Return the data without what the model refuses, each of which is noted; None where nothing is left.

    `data` stands at this place of the document. Without its `essential` keys it would say something else, so
    that nothing is left where one of these is refused.
    """
    rest = copy.deepcopy(dict(data))
    what = f"{describe(place)}." if place else ""
    for _ in range(_MOST_PROBLEMS):
        try:
            model.model_validate(rest, context=Context(document.base))
        except ValidationError as error:
            problems = problems_of(error, model, rest)
        else:
            return {key: _plain(value) for key, value in rest.items()}
        for problem in problems:
            where = line_of(document, (*place, *problem.place), at_key=problem.at_key)
            name = f"{what}{describe(problem.place)}".rstrip(".")
            # What is meant is clear, so that nothing like it is to be offered.
            message = (
                "there is no such key here" if problem.message.startswith("unknown key") else problem.message
            )
            notes.differ(f"{name} is not taken: {message}", where)
            if problem.place[:1] in {(key,) for key in essential} or not _remove(rest, problem.place):
                notes.differ(f"{what.rstrip('.')} is not taken at all for that", line_of(document, place))
                return None
    return None


def _plain(data: Any) -> Any:
    """Numbers and truth values as people write them; as texts they would stand in quotes."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(one) for one in data]
    if data in ("true", "false"):
        return data == "true"
    is_number = isinstance(data, str) and data.isascii() and data.isdecimal() and str(int(data)) == data
    return int(data) if is_number else data


def _remove(data: Any, place: Place) -> bool:
    """Take away what stands at a place; whether something did."""
    for step in place[:-1]:
        data = _below(data, step)
    if not place or _below(data, place[-1]) is None:
        return False
    del data[place[-1]]
    return True


def _below(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else None


def with_full_paths(data: Any, base: Path) -> Any:
    """The same with paths that do not depend on where the file is: a `config.yml` stands elsewhere."""
    if isinstance(data, list):
        return [with_full_paths(one, base) for one in data]
    if not isinstance(data, dict):
        return data
    return {key: _with_full_path(key, value, base) for key, value in data.items()}


def _with_full_path(key: str, value: Any, base: Path) -> Any:
    if key.endswith("_file") and isinstance(value, str) and value:
        return str((base / value).absolute())
    if key == "files" and isinstance(value, list):
        return [str((base / one).absolute()) if isinstance(one, str) else one for one in value]
    return with_full_paths(value, base)


def with_secret_files(data: Any, owner: str, secrets: SecretFiles) -> Any:
    """The same with secrets in files of their own."""
    if isinstance(data, list):
        return [with_secret_files(one, owner, secrets) for one in data]
    if not isinstance(data, dict):
        return data
    changed: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{owner}_{key}"
        if key in _SECRETS and isinstance(value, str) and value:
            changed[_SECRETS[key]] = secrets.add(Secret(value), name)
        elif key == "tls_config" and isinstance(value, dict) and isinstance(value.get(_KEY), str):
            rest = {one: text for one, text in value.items() if one != _KEY}
            changed[key] = {**rest, "key_file": secrets.add(Secret(value[_KEY].rstrip()), f"{owner}_tls_key")}
        else:
            changed[key] = with_secret_files(value, owner, secrets)
    return changed
