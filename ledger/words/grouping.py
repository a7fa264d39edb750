"""How Indian languages group a number in words: crore, lakh, thousand, hundred, each with a word of its own behind it."""

from collections.abc import Callable

CRORE = 10_000_000


def grouped(number: int, below_hundred: Callable[[int], str], steps: tuple[tuple[int, str], ...], crore: str) -> str:
    """`number` >= 0 in words; `steps` are (100_000, "lakh"), (1_000, "thousand"), (100, "hundred"). Of any size."""
    crores, rest = divmod(number, CRORE)
    parts = [f"{grouped(crores, below_hundred, steps, crore)} {crore}"] if crores else []
    for size, word in steps:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{below_hundred(count)} {word}")
    if rest or not parts:
        parts.append(below_hundred(rest))
    return " ".join(parts)
