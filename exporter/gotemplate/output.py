"""Plain text as output."""

from exporter.gotemplate.budget import Budget
from exporter.gotemplate.printing import print_values


class TextOutput:
    """Writes values as Go's `fmt.Print` does."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pieces: list[str] = []

    def write_text(self, text: str) -> None:
        self._budget.write(text)
        self._pieces.append(text)

    def write_value(self, value: object, last_function: str) -> None:
        self.write_text("<no value>" if value is None else print_values([value]))

    def finish(self) -> None:
        """Text may end anywhere."""

    def result(self) -> str:
        return "".join(self._pieces)
