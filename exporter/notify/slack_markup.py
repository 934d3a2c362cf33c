"""Escaping of text from outside in Slack's markup.

In a message `<!channel>` calls everybody and `<address|text>` is a link. Text that comes with alerts (values
and names of labels and annotations, addresses: whatever may hold the name of a key or of a client) must
never do that; what the user writes into a template may. So it is the data that is escaped, not the result:
before a template sees the data, the characters `&`, `<` and `>` in it are replaced by stand-ins that nobody
uses, which functions such as `toUpper`, `title` or `printf` leave alone. When the text is ready, the
stand-ins become Slack's `&amp;`, `&lt;` and `&gt;`. The functions that compare or count see the original
text, and what `urlUnescape` makes is guarded again.

Source: "Escaping text" in Slack's documentation of message formatting.
"""

from collections.abc import Mapping
from typing import Final

from exporter.gotemplate import Function
from exporter.gotemplate.alertmanager import KV
from exporter.gotemplate.builtins import BUILTINS
from exporter.gotemplate.values import StringList

# Symbols of ancient Greek musical notation: printable, in no alphabet, and not to be expected in alerts.
_STAND_INS: Final = {"&": "\U0001d200", "<": "\U0001d201", ">": "\U0001d202", "@": "\U0001d203"}
_GUARD: Final = str.maketrans({**dict.fromkeys(_STAND_INS.values(), "\ufffd"), **_STAND_INS})
_REVEAL: Final = str.maketrans({stand_in: char for char, stand_in in _STAND_INS.items()})
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@"}
_FINISH: Final = str.maketrans({_STAND_INS[char]: entity for char, entity in _ENTITIES.items()})
# With `link_names` Slack turns a plain @name into a mention: a zero-width space prevents that.
_FINISH_UNLINKED: Final = {**_FINISH, ord(_STAND_INS["@"]): "@\u200b"}
_SEES_ORIGINAL: Final = ("eq", "ne", "lt", "le", "gt", "ge", "len", "urlquery", "match")


def guard(text: str) -> str:
    """Replace markup characters in text from outside by stand-ins."""
    return text.translate(_GUARD)


def reveal(text: str) -> str:
    """Return the original of an escaped text."""
    return text.translate(_REVEAL)


def finish(text: str, *, links_names: bool) -> str:
    """Replace the stand-ins in a template's result by Slack's entities."""
    return text.translate(_FINISH_UNLINKED if links_names else _FINISH)


def with_original_text(functions: Mapping[str, Function]) -> dict[str, Function]:
    """The functions, and Go's own, such that those which compare or count see the original text."""
    known = {**BUILTINS, **functions}
    originals = {name: _on_originals(known[name]) for name in _SEES_ORIGINAL}
    unescape = _on_originals(known["urlUnescape"])
    guarded = Function(lambda text: guard(str(unescape.call(text))), unescape.parameters)
    return {**functions, **originals, "urlUnescape": guarded}


def _on_originals(function: Function) -> Function:
    def call(*values: object) -> object:
        return function.call(*map(_original, values))

    return Function(call, function.parameters, function.variadic)


def _original(value: object) -> object:
    if type(value) is str:
        return reveal(value)
    if isinstance(value, StringList):
        return StringList(map(reveal, value))
    return (
        KV({reveal(name): reveal(text) for name, text in value.items()}) if isinstance(value, KV) else value
    )
