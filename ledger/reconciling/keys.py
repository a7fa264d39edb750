"""Numbers of documents as people write them: INV/2026-27/0007, inv 2026-27 7 and INV-2026-27-007 are one. Pure."""

import re
from collections.abc import Iterable

from ledger.reconciling.kinds import Ours, Theirs

_GROUPS = re.compile(r"[0-9]+|[A-Z]+")
_TOKEN = re.compile(r"[A-Z0-9][A-Z0-9/.\-\\_]*")
_MONEY_WORDS = re.compile(
    r"\b(?:PAID|PAYMENT|PYMT|PMT|RECEIPT|RCPT|NEFT|RTGS|IMPS|UPI|CHEQUE|CHQ|CASH|BANK|UTR)\b", re.ASCII
)
_TDS_WORDS = re.compile(r"\b(?:TDS|194[A-Z]?|TAX DEDUCTED)\b", re.ASCII)
_SHORTEST = 3  # letters and digits of a number that says anything by itself


def key_of(text: str) -> str:
    """Groups of letters and digits, without leading zeros; "" for what has no digit or is too short."""
    groups = _GROUPS.findall(text.upper())
    if not any(group[0].isdigit() for group in groups):
        return ""
    key = ".".join(group.lstrip("0") or "0" if group[0].isdigit() else group for group in groups)
    return key if len(key.replace(".", "")) >= _SHORTEST or len(groups) > 1 else ""


def tokens(text: str) -> list[str]:
    """The keys of all words of a text that have a digit, each once."""
    found = (key_of(word.strip("./-\\_")) for word in _TOKEN.findall(text.upper()))
    return list(dict.fromkeys(filter(None, found)))


def keys_of_ours(row: Ours) -> list[str]:
    return list(dict.fromkeys(filter(None, (key_of(row.number), key_of(row.reference)))))


def own_keys(row: Theirs) -> list[str]:
    """What stands where their number stands: the whole cell, then its words."""
    return list(dict.fromkeys(filter(None, (key_of(row.number), *tokens(row.number)))))


def keys_of_theirs(row: Theirs) -> list[str]:
    return list(dict.fromkeys((*own_keys(row), *tokens(row.text))))


def shape(key: str) -> str:
    """The form of a number: INV.9.9; for bare digits how many there are."""
    if key.isdigit():
        return f"9{len(key)}"
    return ".".join("9" if group[0].isdigit() else group for group in key.split("."))


def near(key: str) -> set[str]:
    """The key with each one character left out: two keys that share one are a slip of the pen apart."""
    plain = key.replace(".", "")
    return {plain, *(plain[:at] + plain[at + 1 :] for at in range(len(plain)))} if len(plain) >= 4 else set()


def says_tds(row: Theirs) -> bool:
    return bool(_TDS_WORDS.search(f"{row.text} {row.number}".upper()))


def says_money(row: Theirs) -> bool:
    return bool(_MONEY_WORDS.search(row.text.upper()))


def shapes(rows: Iterable[Ours]) -> set[str]:
    """The forms of the shop's own bill numbers, and of the references on them."""
    return {shape(key) for row in rows if row.is_document for key in keys_of_ours(row)}
