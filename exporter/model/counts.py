"""`count_of`: writes a number of things with their noun."""


def count_of(number: int, noun: str) -> str:
    """`1 target`, `2 targets`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
