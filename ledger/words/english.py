"""Amounts in English words, lakh and crore."""

from ledger.words.grouping import grouped

# fmt: off
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = (
    "-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)
# fmt: on
_STEPS = ((100_000, "lakh"), (1_000, "thousand"), (100, "hundred"))
MINUS = "minus"


def amount(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        parts.append(f"{grouped(rupees, below_hundred, _STEPS, 'crore')} {'rupee' if rupees == 1 else 'rupees'}")
    if paise:
        parts.append(f"{below_hundred(paise)} {'paisa' if paise == 1 else 'paise'}")
    return " and ".join(parts) + " only"


def below_hundred(number: int) -> str:
    """0 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]
