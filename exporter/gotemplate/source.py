"""A source is a template's text, with the line and column of its parts."""

from dataclasses import dataclass

from exporter.errors import TemplateError


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template with the name that errors show: a file, or the place in one."""

    name: str
    text: str

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both counted from 1, of a character."""
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        return line, column

    def error(self, offset: int, message: str) -> TemplateError:
        """A fault at a character of this text."""
        line, column = self.position(offset)
        return TemplateError(message, name=self.name, line=line, column=column)
