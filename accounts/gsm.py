"""SMS in the alphabet of GSM 03.38: what fits, how long it is, and how many parts it costs (3GPP TS 23.038, 6.2.1)."""

import unicodedata
from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written as an escape and a letter: two places.
EXTENDED = frozenset("\f^{}\\[~]|€")
_PLAIN = str.maketrans(
    {
        "₹": "Rs.",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "·": "-",
        "×": "x",
        "\u00a0": " ",
        "\t": " ",
        "`": "'",
    }
)


@dataclass(frozen=True, slots=True)
class Size:
    """`length` in letters as the network counts them, and the parts it is sent and paid in."""

    length: int
    parts: int


def is_gsm(text: str) -> bool:
    return all(letter in BASIC or letter in EXTENDED for letter in text)


def size(text: str) -> Size:
    """160 letters in one SMS, 153 in each of several; 70 and 67 where a letter is beyond the alphabet."""
    if is_gsm(text):
        length, whole, part = sum(2 if letter in EXTENDED else 1 for letter in text), 160, 153
    else:
        length, whole, part = len(text.encode("utf-16-be")) // 2, 70, 67
    return Size(length, 1 if length <= whole else -(-length // part))


def plain(text: str) -> str:
    """The text in the alphabet, as near as it goes; letters of other scripts fall away."""
    text = text.translate(_PLAIN)
    if is_gsm(text):
        return text
    apart = (letter if letter in BASIC else unicodedata.normalize("NFKD", letter) for letter in text)
    return " ".join("".join(letter for letter in "".join(apart) if letter in BASIC or letter in EXTENDED).split())
