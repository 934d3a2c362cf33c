"""Templates are read and compiled before the event loop runs, and never again."""

import gc
import weakref
from typing import Any

import pytest
from jinja2.runtime import Context

from exporter.web.pages.templating import CONTEXTS, compile_templates, release, templates


class Row:
    """Something that a page shows."""


def test_after_the_start_no_template_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_templates()
    names = templates().list_templates()
    loader = templates().loader
    assert loader is not None

    def refuse(*_: Any) -> None:
        raise AssertionError("a template is read while the event loop waits")

    monkeypatch.setattr(loader, "get_source", refuse)
    assert {templates().get_template(name).name for name in names} == set(names)
    assert len(names) > 10


def test_what_a_page_showed_goes_with_it() -> None:
    """Cycles among what is old are never looked for: a page left open would let memory grow for weeks."""
    template = templates().from_string(
        "{% macro shown(one) %}{{ one }}{{ rows }}{% endmacro %}"
        "{% macro all() %}{{ shown(rows[0]) }}{% endmacro %}"
        "{% for row in rows %}{{ all() }}{% endfor %}"
    )
    gc.collect()
    gc.disable()
    try:
        contexts: list[Context] = []
        row = Row()
        seen = weakref.ref(row)
        text = template.render({CONTEXTS: contexts}, rows=[row])
        del row
        assert "Row" in text
        assert seen() is not None
        release(contexts)
        assert seen() is None
    finally:
        gc.enable()
