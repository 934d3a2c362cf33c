"""`payload` of a webhook: a message in the user's own form.

Source: notify/webhook of Alertmanager since 0.32. There a text from outside that looks like YAML becomes a
structure, and templates in it are expanded once more; here it stays a text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.gotemplate import Template
from exporter.notify.template import Rendering, TemplateCompiler

Written = str | None | Sequence["Written"] | Mapping[str, "Written"]
"""A payload as it is written: lists, mappings, and strings that are templates."""

_MAKES_JSON: Final = re.compile(r"\btoJson\b")
_STRUCTURES: Final = (list, dict)


class WebhookPayload:
    """A tree of templates; keys are templates too. Raises nothing: the compiler collects problems."""

    def __init__(self, written: Written, compiler: TemplateCompiler) -> None:
        self._root = _compile(written, compiler)

    def build(self, rendering: Rendering) -> object:
        """Return the message as plain data.

        A text that is a number, true, false or null becomes that, and one that a template makes by `toJson`
        the list or object. A template that fails says so in its place.
        """
        return self._root.build(rendering)


class _Scalar:
    def __init__(self, template: Template, *, makes_json: bool) -> None:
        self._template = template
        self._makes_json = makes_json

    def build(self, rendering: Rendering) -> object:
        text = rendering.text(self._template)
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return text
        if isinstance(value, str) or (isinstance(value, _STRUCTURES) and not self._makes_json):
            return text
        return value


class _Items:
    def __init__(self, items: "Sequence[_Node]") -> None:
        self._items = items

    def build(self, rendering: Rendering) -> object:
        return [item.build(rendering) for item in self._items]


class _Entries:
    def __init__(self, entries: "Sequence[tuple[Template, _Node]]") -> None:
        self._entries = entries

    def build(self, rendering: Rendering) -> object:
        return {rendering.text(key): node.build(rendering) for key, node in self._entries}


class _Nothing:
    def build(self, _: Rendering) -> object:
        return None


_Node = _Scalar | _Items | _Entries | _Nothing


def _compile(written: Written, compiler: TemplateCompiler, name: str | int = "payload") -> _Node:
    if written is None:
        return _Nothing()
    if isinstance(written, str):
        return _Scalar(compiler.parse(name, written), makes_json=bool(_MAKES_JSON.search(written)))
    below = compiler.at(name)
    if isinstance(written, Mapping):
        return _Entries([(below.parse(key, key), _compile(one, below, key)) for key, one in written.items()])
    return _Items([_compile(one, below, index) for index, one in enumerate(written)])


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
