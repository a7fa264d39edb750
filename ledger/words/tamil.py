"""Amounts in Tamil words.

The parts of a number melt into each other: hundreds and thousands are words of their own (ஐந்நூறு, ஐயாயிரம்), each
takes another ending where more follows (நூறு, நூற்று இருபது), and what counts something ends in ஒரு, not in ஒன்று.
"""

from ledger.words.grouping import CRORE

# fmt: off
_ONES = (
    "பூஜ்ஜியம்", "ஒன்று", "இரண்டு", "மூன்று", "நான்கு", "ஐந்து", "ஆறு", "ஏழு", "எட்டு", "ஒன்பது",
    "பத்து", "பதினொன்று", "பன்னிரண்டு", "பதின்மூன்று", "பதினான்கு", "பதினைந்து", "பதினாறு", "பதினேழு", "பதினெட்டு", "பத்தொன்பது",
)
_TENS = ("-", "-", "இருபது", "முப்பது", "நாற்பது", "ஐம்பது", "அறுபது", "எழுபது", "எண்பது", "தொண்ணூறு")
# Before ones: those that begin with a vowel take the place of the last one, the other two stand apart.
_TENS_BEFORE = ("-", "-", "இருபத்து", "முப்பத்து", "நாற்பத்து", "ஐம்பத்து", "அறுபத்து", "எழுபத்து", "எண்பத்து", "தொண்ணூற்று")
_JOINED = ("-", "ொன்று", "ிரண்டு", " மூன்று", " நான்கு", "ைந்து", "ாறு", "ேழு", "ெட்டு", "ொன்பது")
_HUNDREDS = ("-", "நூறு", "இருநூறு", "முந்நூறு", "நானூறு", "ஐந்நூறு", "அறுநூறு", "எழுநூறு", "எண்ணூறு", "தொள்ளாயிரம்")
# fmt: on
_U = "ு"
_THOUSANDS = {1: "ஆயிரம்", 3: "மூவாயிரம்", 5: "ஐயாயிரம்"}  # the others are made of their number
MINUS = "மைனஸ்"


def amount(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        parts.append(f"{_counting(_number(rupees))} ரூபாய்")
    if paise:
        parts.append(f"{_counting(below_hundred(paise))} பைசா")
    return " ".join(parts) + " மட்டும்"


def below_hundred(number: int) -> str:
    """0 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    if not ones:
        return _TENS[tens]
    before, joined = _TENS_BEFORE[tens], _JOINED[ones]
    return before + joined if joined.startswith(" ") else before.removesuffix(_U) + joined


def _number(number: int) -> str:
    crores, rest = divmod(number, CRORE)
    lakhs, rest = divmod(rest, 100_000)
    thousands, rest = divmod(rest, 1_000)
    hundreds, rest = divmod(rest, 100)
    parts = []
    if crores:
        parts.append(f"{_counting(_number(crores))} கோடி")
    if lakhs:
        parts.append(f"{_counting(below_hundred(lakhs))} லட்சம்")
    if thousands:
        parts.append(_thousand(thousands))
    if hundreds:
        parts.append(_HUNDREDS[hundreds])
    if rest or not parts:
        parts.append(below_hundred(rest))
    for at, after in enumerate(parts[1:]):
        parts[at] = _before(parts[at], after)
    return " ".join(parts)


def _thousand(number: int) -> str:
    """1 to 99 thousand."""
    if number in _THOUSANDS:
        return _THOUSANDS[number]
    word = below_hundred(number)
    if word.endswith("ொன்று"):
        return word.removesuffix("ொன்று") + "ோராயிரம்"
    return word.removesuffix(_U) + "ாயிரம்"


def _counting(word: str) -> str:
    """As a number stands before what it counts: ஒரு ரூபாய், இருபத்தொரு லட்சம்."""
    for one, an in (("ொன்று", "ொரு"), ("ஒன்று", "ஒரு")):
        if word.endswith(one):
            return word.removesuffix(one) + an
    return word


def _before(word: str, after: str) -> str:
    """As a part stands before the rest of its number, whose first letter it doubles when that is ப or த: நூற்றுப் பத்து."""
    if word.endswith("கோடி"):
        return word + "யே"
    stem = word.removesuffix("று") + "ற்று" if word.endswith("று") else word.removesuffix("ம்") + "த்து"
    return stem + {"ப": "ப்", "த": "த்"}.get(after[0], "")
