"""Amounts in words as Indian documents print them: lakh and crore, rupees and paise, in the languages of the customer.

A module for each language: `amount(rupees, paise)` (both >= 0, paise below 100) and `MINUS`.
"""

from types import ModuleType

from ledger.words import bengali, english, gujarati, hindi, kannada, marathi, tamil, telugu

LANGUAGES: dict[str, ModuleType] = {
    "en": english,
    "hi": hindi,
    "mr": marathi,
    "gu": gujarati,
    "ta": tamil,
    "te": telugu,
    "kn": kannada,
    "bn": bengali,
}


def in_words(paise: int, language: str = "en") -> str:
    """`paise` in words: 11850 -> "One hundred eighteen rupees and fifty paise only".

    `language` is a Django language code ("hi", "hi-in"); English for one that we do not speak. Any size: 10 ** 12
    rupees are "One lakh crore rupees only". A negative amount begins with "Minus".
    """
    spoken = LANGUAGES.get(language.partition("-")[0].lower(), english)
    whole, fraction = divmod(abs(paise), 100)
    text = spoken.amount(whole, fraction)
    if paise < 0:
        text = f"{spoken.MINUS} {text}"
    return text[0].upper() + text[1:]
