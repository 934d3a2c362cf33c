"""Templates are read and compiled before the event loop runs, and never again."""

from typing import Any

import pytest

from exporter.web.pages.templating import compile_templates, templates


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
