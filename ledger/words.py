"""Amounts in words as Indian documents print them: lakh and crore, rupees and paise, English and Hindi."""

from collections.abc import Callable

# fmt: off
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = (
    "-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)
# 0 to 99: Hindi has a word of its own for each.
_HINDI = (
    "शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ",
    "दस", "ग्यारह", "बारह", "तेरह", "चौदह", "पंद्रह", "सोलह", "सत्रह", "अठारह", "उन्नीस",
    "बीस", "इक्कीस", "बाईस", "तेईस", "चौबीस", "पच्चीस", "छब्बीस", "सत्ताईस", "अट्ठाईस", "उनतीस",
    "तीस", "इकतीस", "बत्तीस", "तैंतीस", "चौंतीस", "पैंतीस", "छत्तीस", "सैंतीस", "अड़तीस", "उनतालीस",
    "चालीस", "इकतालीस", "बयालीस", "तैंतालीस", "चौवालीस", "पैंतालीस", "छियालीस", "सैंतालीस", "अड़तालीस", "उनचास",
    "पचास", "इक्यावन", "बावन", "तिरपन", "चौवन", "पचपन", "छप्पन", "सत्तावन", "अट्ठावन", "उनसठ",
    "साठ", "इकसठ", "बासठ", "तिरसठ", "चौंसठ", "पैंसठ", "छियासठ", "सड़सठ", "अड़सठ", "उनहत्तर",
    "सत्तर", "इकहत्तर", "बहत्तर", "तिहत्तर", "चौहत्तर", "पचहत्तर", "छिहत्तर", "सतहत्तर", "अठहत्तर", "उन्यासी",
    "अस्सी", "इक्यासी", "बयासी", "तिरासी", "चौरासी", "पचासी", "छियासी", "सत्तासी", "अट्ठासी", "नवासी",
    "नब्बे", "इक्यानवे", "बानवे", "तिरानवे", "चौरानवे", "पचानवे", "छियानवे", "सत्तानवे", "अट्ठानवे", "निन्यानवे",
)
# fmt: on

_ENGLISH_STEPS = ((100_000, "lakh"), (1_000, "thousand"), (100, "hundred"))
_HINDI_STEPS = ((100_000, "लाख"), (1_000, "हज़ार"), (100, "सौ"))
_CRORE = 10_000_000


def in_words(paise: int, language: str = "en") -> str:
    """`paise` in words: 11850 -> "One hundred eighteen rupees and fifty paise only".

    `language` is a Django language code; Hindi for "hi" and "hi-...", else English. Any size: 10 ** 12 rupees
    are "One lakh crore rupees only". A negative amount begins with "Minus" ("ऋण").
    """
    hindi = language.partition("-")[0].lower() == "hi"
    whole, fraction = divmod(abs(paise), 100)
    text = _in_hindi(whole, fraction) if hindi else _in_english(whole, fraction)
    if paise < 0:
        text = f"{'ऋण' if hindi else 'minus'} {text}"
    return text[0].upper() + text[1:]


def _in_english(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        parts.append(f"{_number(rupees, _english, _ENGLISH_STEPS, 'crore')} {'rupee' if rupees == 1 else 'rupees'}")
    if paise:
        parts.append(f"{_english(paise)} {'paisa' if paise == 1 else 'paise'}")
    return " and ".join(parts) + " only"


def _in_hindi(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        parts.append(f"{_number(rupees, _HINDI.__getitem__, _HINDI_STEPS, 'करोड़')} {'रुपया' if rupees == 1 else 'रुपये'}")
    if paise:
        parts.append(f"{_HINDI[paise]} {'पैसा' if paise == 1 else 'पैसे'}")
    return " और ".join(parts) + " मात्र"


def _english(number: int) -> str:
    """0 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]


def _number(number: int, below_hundred: Callable[[int], str], steps: tuple[tuple[int, str], ...], crore: str) -> str:
    crores, rest = divmod(number, _CRORE)
    parts = [f"{_number(crores, below_hundred, steps, crore)} {crore}"] if crores else []
    for size, word in steps:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{below_hundred(count)} {word}")
    if rest or not parts:
        parts.append(below_hundred(rest))
    return " ".join(parts)
