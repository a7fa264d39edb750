"""The UPI payment link behind the QR code and the pay button (NPCI's UPI linking specification).

It asks for a payment and proves none.
"""

import re
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.money import plain
from accounts.validators import validate_upi_id

AT_ONCE = 1_00_000_00  # paise that UPI apps send in one go, as a rule
MAX_NOTE = 50
MAX_REFERENCE = 35
_REFERENCE = re.compile(rf"[A-Za-z0-9]{{1,{MAX_REFERENCE}}}")


def validate(text: str) -> str:
    """The UPI id as typed, without spaces around it. ValueError with a plain, translated message."""
    upi_id = text.strip()
    try:
        validate_upi_id(upi_id)
    except ValidationError as error:
        raise ValueError(error.message) from error
    return upi_id


def reference(number: str) -> str:
    """A document number as `tr` may carry it, letters and digits only: "INV/26-27/0001" -> "INV26270001"."""
    return "".join(char for char in number if char.isascii() and char.isalnum())[:MAX_REFERENCE]


def upi_uri(pa: str, pn: str, amount_paise: int, tr: str = "", tn: str = "") -> str:
    """`upi://pay?...` for `amount_paise`, in rupees with two decimals.

    pa: payee's UPI id; pn: payee's name; tr: reference, at most 35 letters and digits (see `reference`), left
    out when empty; tn: note for the payer, cut after 50 characters, left out when empty.

    Raises ValueError for a wrong UPI id, an empty name, an amount that is not positive, or a wrong reference:
    show no code at all without a UPI id or when nothing is due.
    """
    payee = validate(pa)
    if not pn.strip():
        raise ValueError(_("A UPI payment needs the payee's name."))
    if amount_paise <= 0:
        raise ValueError(_("A UPI payment needs an amount above zero."))
    if tr and not _REFERENCE.fullmatch(tr):
        raise ValueError(_("A UPI reference has at most 35 letters and digits."))
    fields = [
        f"pa={quote(payee, safe='@')}",
        f"pn={_encoded(pn.strip())}",
        f"am={plain(amount_paise)}",
        "cu=INR",
    ]
    if tr:
        fields.append(f"tr={tr}")
    if note := tn.strip()[:MAX_NOTE].strip():
        fields.append(f"tn={_encoded(note)}")
    return "upi://pay?" + "&".join(fields)


def _encoded(text: str) -> str:
    return quote(text, safe="")
