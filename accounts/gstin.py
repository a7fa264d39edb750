"""GSTIN: form, check digit and State of an Indian GST registration number.

15 characters: State code, PAN, entity number, a letter (mostly Z) and a check digit over the first fourteen.
Numbers of UN bodies and embassies (UIN), of non-residents and of online services from abroad (OIDAR, 99...)
have patterns of their own and follow no published check digit. Patterns: GST system developer portal, as in
India Compliance.
"""

import re
import unicodedata
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from accounts.states import OTHER_COUNTRIES, STATES

LENGTH = 15
CENTRE_JURISDICTION = "99"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Kind(StrEnum):
    """Who holds the number. Only REGULAR numbers (and those of deductors at source) carry a check digit."""

    REGULAR = "regular"
    UIN = "uin"
    NON_RESIDENT = "non_resident"
    OIDAR = "oidar"


_PAN = r"[A-Z]{5}[0-9]{4}[A-Z]"
_TAN = r"[A-Z]{4}[0-9]{5}[A-Z]"  # departments and deductors without a PAN
_PATTERNS: dict[Kind, re.Pattern[str]] = {
    Kind.OIDAR: re.compile(r"99[0-9]{2}[A-Z]{3}[0-9]{5}OS[0-9A-Z]"),
    Kind.UIN: re.compile(r"[0-9]{4}[A-Z]{3}[0-9]{5}[UO]N[0-9A-Z]"),
    Kind.NON_RESIDENT: re.compile(r"[0-9]{4}[A-Z]{3}[0-9]{5}NR[0-9A-Z]"),
    Kind.REGULAR: re.compile(rf"[0-9]{{2}}(?:{_PAN}[1-9A-Z]|{_TAN}[0-9A-Z])[A-Z][0-9A-Z]"),
}


def normalise(text: str) -> str:
    """Upper case, digits of any script as 0-9, without spaces, hyphens and invisible characters."""
    kept = (
        char
        for char in unicodedata.normalize("NFKC", text)
        if not char.isspace() and char != "-" and unicodedata.category(char) not in ("Cf", "Pd")
    )
    return "".join(
        str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char for char in kept
    ).upper()


def check_digit(first14: str) -> str:
    """The fifteenth character for the first fourteen (0-9, A-Z): base 36, factors 1, 2, 1, 2 ...

    Raises ValueError for another length or other characters.
    """
    if len(first14) != LENGTH - 1 or any(char not in _ALPHABET for char in first14):
        raise ValueError("The check digit is made from 14 digits and capital letters.")
    total = 0
    for place, char in enumerate(first14):
        product = _ALPHABET.index(char) * (1 + place % 2)
        total += product // 36 + product % 36
    return _ALPHABET[(36 - total % 36) % 36]


def kind(gstin: str) -> Kind | None:
    """Which pattern a normalised number has, None without any. Says nothing of State or check digit."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(gstin)), None)


def validate(text: str) -> str:
    """The normalised GSTIN or UIN.

    Raises ValueError with a plain, translated message: empty, length, form, State code, check digit.
    """
    gstin = normalise(text)
    if not gstin:
        raise ValueError(_("Write the GSTIN."))
    if len(gstin) != LENGTH:
        raise ValueError(_("A GSTIN has 15 characters; this one has %(count)d.") % {"count": len(gstin)})
    found = kind(gstin)
    if found is None:
        raise ValueError(
            _("This is not a GSTIN. It looks like 27AAPFU0939F1ZV: State code, PAN, and three characters.")
        )
    if not _has_state(gstin, found):
        raise ValueError(_("A GSTIN cannot begin with %(code)s: that is no State code.") % {"code": gstin[:2]})
    if found is Kind.REGULAR and check_digit(gstin[:-1]) != gstin[-1]:
        raise ValueError(
            _("This GSTIN has a typing mistake: its last character does not fit. Compare the certificate.")
        )
    return gstin


def require_other(own: str, theirs: str) -> None:
    """Raises ValueError when both GSTINs are given and the same: nobody bills their own registration."""
    if own and theirs and normalise(own) == normalise(theirs):
        raise ValueError(_("This is your own GSTIN. Write the customer's."))


def state_code(gstin: str) -> str:
    """The first two digits of a valid GSTIN. 99 (Centre jurisdiction) is not a State of `accounts.states`."""
    return gstin[:2]


def _has_state(gstin: str, found: Kind) -> bool:
    code = state_code(gstin)
    return (code in STATES and code != OTHER_COUNTRIES) or code == CENTRE_JURISDICTION
