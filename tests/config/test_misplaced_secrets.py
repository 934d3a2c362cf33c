"""A URL with a secret that somebody has put where none belongs: the error names the place, not the secret."""

import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from exporter.config.alertmanager.config import AlertmanagerConfig, load_alertmanager_config
from exporter.config.main import Config, load_config
from exporter.config.web_config import WebConfig, load_web_config
from exporter.errors import ConfigError

MARK = "Pw4Mark"
URLS = (
    f"redis://u:{MARK}@h:1",
    f"http://u:{MARK}@h/x?token={MARK}",
    f"https://hooks.slack.com/services/T/B/{MARK}",
)
FILES: dict[type[BaseModel], Callable[[Path], object]] = {
    Config: load_config,
    AlertmanagerConfig: load_alertmanager_config,
    WebConfig: load_web_config,
}

Place = tuple[str, ...]


def places(model: type[BaseModel], seen: set[type[BaseModel]], place: Place = ()) -> Iterator[Place]:
    """Every key of every kind of section once; `[]` stands for a list."""
    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        yield here
        inner = (*here, "[]") if is_list(field.annotation) else here
        for section in sorted(set(sections(field.annotation)) - seen, key=lambda one: one.__name__):
            seen.add(section)
            yield from places(section, seen, inner)


def sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from sections(argument)


def is_list(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    inner = typing.get_args(annotation)
    return origin in (tuple, list) or (origin is not dict and any(map(is_list, inner)))


def mistakes(number: int) -> Sequence[Any]:
    """The value itself, and one of some shapes in turn."""
    url = URLS[number % len(URLS)]
    shapes = [[url], {url: 1}, [{url: 1}], f"{url} x"]
    return url, shapes[number % len(shapes)]


def placed(place: Place, value: Any) -> Any:
    for step in reversed(place):
        value = [value] if step == "[]" else {step: value}
    return value


@pytest.mark.parametrize("model", FILES, ids=lambda model: str(model.__name__))
def test_no_error_quotes_a_secret_that_stands_in_the_wrong_place(
    model: type[BaseModel], tmp_path: Path
) -> None:
    path = tmp_path / "file.yml"
    told: list[tuple[Place, Any, str]] = []
    for number, place in enumerate(places(model, {model})):
        for mistake in mistakes(number):
            path.write_text(yaml.safe_dump(placed(place, mistake)))
            try:
                FILES[model](path)
            except ConfigError as error:
                told.append((place, mistake, f"{error} {error!r} {error.problems}"))
    assert len(told) > 10
    assert not [one for one in told if MARK in one[2]]


def test_the_place_and_the_way_out_are_still_said(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f"targets: [redis://u:{MARK}@h:1]\nglobal: {{sample_interval: 'redis://:{MARK}@h'}}\n")
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    first, second = raised.value.problems
    assert str(first) == f"{path}:1:11: targets[0]: must be a mapping, not a text"
    assert '"redis://h" is not a duration' in second.message
