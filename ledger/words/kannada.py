"""Amounts in Kannada words."""

from ledger.words.grouping import CRORE

# fmt: off
_BELOW_TWENTY = (
    "ಸೊನ್ನೆ", "ಒಂದು", "ಎರಡು", "ಮೂರು", "ನಾಲ್ಕು", "ಐದು", "ಆರು", "ಏಳು", "ಎಂಟು", "ಒಂಬತ್ತು",
    "ಹತ್ತು", "ಹನ್ನೊಂದು", "ಹನ್ನೆರಡು", "ಹದಿಮೂರು", "ಹದಿನಾಲ್ಕು", "ಹದಿನೈದು", "ಹದಿನಾರು", "ಹದಿನೇಳು", "ಹದಿನೆಂಟು", "ಹತ್ತೊಂಬತ್ತು",
)
# Twenty is ಇಪ್ಪತ್ತು; its last vowel gives way to what follows: ಇಪ್ಪತ್ತ + ಒಂದು is ಇಪ್ಪತ್ತೊಂದು.
_TENS = ("-", "-", "ಇಪ್ಪತ್ತ", "ಮೂವತ್ತ", "ನಲವತ್ತ", "ಐವತ್ತ", "ಅರವತ್ತ", "ಎಪ್ಪತ್ತ", "ಎಂಬತ್ತ", "ತೊಂಬತ್ತ")
_BEHIND_TENS = ("ು", "ೊಂದು", "ೆರಡು", "ಮೂರು", "ನಾಲ್ಕು", "ೈದು", "ಾರು", "ೇಳು", "ೆಂಟು", "ೊಂಬತ್ತು")
# A hundred is ನೂರು, and ನೂರ before what is left: ನೂರ ಒಂದು.
_HUNDREDS = ("-", "ನೂರ", "ಇನ್ನೂರ", "ಮುನ್ನೂರ", "ನಾನೂರ", "ಐನೂರ", "ಆರುನೂರ", "ಏಳುನೂರ", "ಎಂಟುನೂರ", "ಒಂಬೈನೂರ")
# fmt: on
MINUS = "ಮೈನಸ್"


def amount(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        parts.append(f"{spoken(rupees)} ರೂಪಾಯಿ")
    if paise:
        parts.append(f"{below_hundred(paise)} ಪೈಸೆ")
    return " ಮತ್ತು ".join(parts) + " ಮಾತ್ರ"


def spoken(number: int) -> str:
    """`number` >= 0, of any size. A lakh and a thousand are ಲಕ್ಷದ and ಸಾವಿರದ before what is left, a crore stays ಕೋಟಿ."""
    crores, rest = divmod(number, CRORE)
    parts = [f"{spoken(crores)} ಕೋಟಿ"] if crores else []
    for size, word in ((100_000, "ಲಕ್ಷ"), (1_000, "ಸಾವಿರ")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{below_hundred(count)} {word}{'ದ' if rest else ''}")
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        parts.append(_HUNDREDS[hundreds] + ("" if rest else "ು"))
    if rest or not parts:
        parts.append(below_hundred(rest))
    return " ".join(parts)


def below_hundred(number: int) -> str:
    """0 to 99."""
    if number < 20:
        return _BELOW_TWENTY[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + _BEHIND_TENS[ones]
