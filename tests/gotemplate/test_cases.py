"""A table of templates with what Go makes of them, and Go itself as its judge."""

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import TemplateError
from tests.gotemplate.amtool import render, render_with_amtool

_CASES = Path(__file__).parent / "cases"


def _cases() -> list[Any]:
    """(template, output or None for an error, whether as HTML); recorded from Debian's amtool 0.25."""
    return [
        pytest.param(case["template"], case["output"], kind == "html", id=f"{kind}-{number}")
        for kind in ("text", "html")
        for number, case in enumerate(json.loads((_CASES / f"{kind}.json").read_text()))
    ]


@pytest.mark.parametrize(("template", "output", "html"), _cases())
def test_outcome_is_that_of_go(template: str, output: str | None, html: bool) -> None:
    if output is None:
        with pytest.raises(TemplateError, match=r"^judged:\d+:\d+: "):
            render(template, html=html)
    else:
        assert render(template, html=html) == output


@pytest.mark.peers("amtool")
@pytest.mark.parametrize(("template", "output", "html"), _cases())
def test_table_is_that_of_go(template: str, output: str | None, html: bool, tmp_path: Path) -> None:
    assert render_with_amtool(template, tmp_path, html=html) == output
