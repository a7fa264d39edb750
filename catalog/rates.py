"""GST rates an item can have. Which of them stand on a document of a day is decided by the ledger."""

import re

from django.utils.translation import gettext_lazy as _

from accounts.money import ascii_digits, percent

# Basis points; offered first to last. In force since 22 September 2025 (Notification 9/2025-CT(R)), then those of
# single trades: 0.25 and 1.5 precious stones, 3 gold and jewellery, 28 tobacco.
OFFERED = (0, 500, 1800, 4000, 25, 150, 300, 2800)
HIGHEST_BP = 4000
HIGHEST_CESS_BP = 100_000
_PERCENT = re.compile(r"([0-9]{1,4})(?:\.([0-9]{0,2}))?\s*%?", re.ASCII)


def parse_percent(text: str, highest_bp: int = HIGHEST_BP) -> int:
    """What a person typed as a GST rate ("18", "18 %", "0.25"), in basis points.

    Raises ValueError with a plain, translated message.
    """
    match = _PERCENT.fullmatch(ascii_digits(text).strip())
    if match is None:
        raise ValueError(_("Write the rate as a number, such as 18 or 0.25."))
    bp = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if bp > highest_bp and highest_bp == HIGHEST_CESS_BP:
        raise ValueError(_("No cess is higher than 1000%. Look at the rate again."))
    if bp > highest_bp:
        raise ValueError(_("No GST rate is higher than 40%. Look at the rate again."))
    return bp


def offered() -> list[str]:
    """The usual rates as they are typed: "0", "5", "18"."""
    return [percent(bp).removesuffix("%") for bp in OFFERED]
