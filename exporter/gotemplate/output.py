"""The text output writes values as plain text."""

from exporter.gotemplate.budget import ExpansionBudget
from exporter.gotemplate.printing import print_values


class TextOutput:
    """An output that writes values as Go's `fmt.Print` does."""

    def __init__(self, budget: ExpansionBudget) -> None:
        self._budget = budget
        self._pieces: list[str] = []

    def write_text(self, text: str) -> None:
        """Write text of the template itself."""
        self._budget.write(text)
        self._pieces.append(text)

    def write_value(self, value: object, last_function: str) -> None:
        """Write the value of an action."""
        self.write_text("<no value>" if value is None else print_values([value]))

    def finish(self) -> None:
        """Accept the end, which text may have anywhere."""

    def result(self) -> str:
        """Return all that was written."""
        return "".join(self._pieces)
