"""Telegraf's `[[inputs.redis.commands]]` as samplers: keys by name, anything else as a Lua script."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.migration.entry import Entry
from exporter.migration.notes import Notes
from exporter.model.key_choice import KeyChoice

# Commands whose answer is the size of a key, or the value of a string.
_SIZES: Final = frozenset({"LLEN", "SCARD", "ZCARD", "HLEN", "STRLEN", "XLEN"})
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")
FOLDER: Final = "scripts"


@dataclass(slots=True)
class CommandSamplers:
    """The section `samplers` of servers, and the scripts that it names."""

    files: dict[str, str] = field(default_factory=dict)

    def section(self, commands: Iterable[Entry], notes: Notes) -> Mapping[str, Any]:
        """Return what these commands become."""
        keys: list[str] = []
        scripts: list[str] = []
        shows_texts = False
        for command in commands:
            words, name = command.texts("command"), command.text("field")
            is_text = command.text("type") == "string"
            if not words:
                raise command.wrong("command", 'must be a list such as ["get", "key"]')
            verb = words[0].upper()
            if len(words) == 2 and words[1].strip() and (verb == "GET" or verb in _SIZES):
                keys.append(str(KeyChoice(0, words[1])))
                shows_texts |= verb == "GET" and is_text
                metric = "redis_key_size" if verb in _SIZES else "redis_key_value"
                metric += "_as_string" if verb == "GET" and is_text else ""
                notes.differ(f'the field {name} is {metric}{{key="{words[1]}"}}', command.where())
            else:
                scripts.append(self._script(words, name or verb.lower()))
                notes.differ(_told(name, scripts[-1], is_text), command.where())
            command.tell_unread({}, notes)
        return {
            **({"keys": _keys(keys, shows_texts)} if keys else {}),
            **({"scripts": {"files": scripts}} if scripts else {}),
        }

    def _script(self, words: Iterable[str], name: str) -> str:
        call = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
        text = (
            f"-- Telegraf asked this as a command, for the field {json.dumps(name)}.\n"
            f"local value = redis.call({call})\n"
            f"if value then return {{{json.dumps(name)}, tostring(value)}} end\n"
            "return {}\n"
        )
        stem = f"{FOLDER}/{_NOT_IN_A_NAME.sub('_', name)}"
        path, number = f"{stem}.lua", 1
        while self.files.setdefault(path, text) != text:
            number += 1
            path = f"{stem}_{number}.lua"
        return path


def _keys(keys: Iterable[str], shows_texts: bool) -> Mapping[str, Any]:
    return {"check_single": list(dict.fromkeys(keys)), **({"values": "all"} if shows_texts else {})}


def _told(name: str, script: str, is_text: bool) -> str:
    if is_text:
        return f"the field {name} is read by {script}, and is shown if it is a number: metrics are numbers"
    return f'the field {name} is redis_script_values{{key="{name}"}}, which {script} reads (Redis 7.0 on)'
