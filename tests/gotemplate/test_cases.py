"""A table of templates with what Go makes of them, and Go itself as its judge."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import TemplateError
from tests.gotemplate.amtool import render, render_together_with_amtool, render_with_amtool

_CASES = Path(__file__).parent / "cases"
_DEFINES = re.compile(r"{{\s*(define|block)\b")


def _table(kind: str) -> list[tuple[str, str | None]]:
    """(template, output or None for an error) of a kind, text or html; recorded from Debian's amtool 0.25."""
    return [(case["template"], case["output"]) for case in json.loads((_CASES / f"{kind}.json").read_text())]


def _cases() -> list[Any]:
    return [
        pytest.param(template, output, kind == "html", id=f"{kind}-{number}")
        for kind in ("text", "html")
        for number, (template, output) in enumerate(_table(kind))
    ]


@pytest.mark.parametrize(("template", "output", "html"), _cases())
def test_outcome_is_that_of_go(template: str, output: str | None, html: bool) -> None:
    if output is None:
        with pytest.raises(TemplateError, match=r"^judged:\d+:\d+: "):
            render(template, html=html)
    else:
        assert render(template, html=html) == output


@pytest.fixture(scope="module")
def outputs_of_go(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, bool], str]:
    """What Go makes of the templates that have an output, by template and whether as HTML: one process each
    for text and HTML. A process shows one failure, so those that fail are left out, and all if one of them
    fails that should not; templates that define others are left out too."""
    folder = tmp_path_factory.mktemp("amtool")
    found: dict[tuple[str, bool], str] = {}
    for kind in ("text", "html"):
        texts = [text for text, output in _table(kind) if output is not None and not _DEFINES.search(text)]
        rendered = render_together_with_amtool(texts, folder, html=kind == "html") or {}
        found.update({(text, kind == "html"): output for text, output in rendered.items()})
    return found


@pytest.mark.peers("amtool")
@pytest.mark.parametrize(("template", "output", "html"), _cases())
def test_table_is_that_of_go(
    template: str,
    output: str | None,
    html: bool,
    outputs_of_go: Mapping[tuple[str, bool], str],
    tmp_path: Path,
) -> None:
    key = (template, html)
    found = outputs_of_go[key] if key in outputs_of_go else render_with_amtool(template, tmp_path, html=html)
    assert found == output
