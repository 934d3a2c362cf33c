"""Patterns that a user has configured."""

from collections.abc import Sequence

from exporter.model.keyname import compile_pattern


class ConfiguredPatterns:
    """The patterns in order; the first that matches a whole name has it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(dict.fromkeys(texts))
        # Braces that are doubled since they mean themselves.
        self.names = tuple(text.replace("{{", "{").replace("}}", "}") for text in self.texts)
        self._matchers = [compile_pattern(text).fullmatch for text in self.texts]

    def __bool__(self) -> bool:
        return bool(self.texts)

    def find(self, name: bytes) -> int | None:
        """The index of the pattern in `texts`."""
        for index, match in enumerate(self._matchers):
            if match(name):
                return index
        return None
