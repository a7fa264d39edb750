"""Quantities in words: "3 packs", "1 box", "2.5 kg"."""

from django.utils.translation import npgettext

from accounts.money import quantity
from catalog.models import UNITS

ONE_MILLI = 1_000


class Units:
    """The words for units in the active language. Made once a page: each word costs a look into the catalogue."""

    def __init__(self) -> None:
        names = {code: str(name) for code, name in UNITS} | {"OTH": ""}
        self._one = names | _counted(1)
        self._many = names | _counted(2)

    def name(self, unit: str) -> str:
        """As in "₹96 / box"; "" where the unit is none of those with a name."""
        return self._one.get(unit, unit)

    def measured(self, milli: int, unit: str) -> str:
        """Thousandths of a unit as they are read: "3 packs"."""
        words = self._one if abs(milli) <= ONE_MILLI else self._many
        return f"{quantity(milli)} {words.get(unit, unit)}".rstrip()


def _counted(n: int) -> dict[str, str]:
    """Units that are counted and so have a plural; the others are measured and have none."""
    return {
        "PCS": npgettext("quantity", "pc", "pcs", n),
        "LTR": npgettext("quantity", "litre", "litres", n),
        "BOX": npgettext("quantity", "box", "boxes", n),
        "BAG": npgettext("quantity", "bag", "bags", n),
        "BTL": npgettext("quantity", "bottle", "bottles", n),
        "CTN": npgettext("quantity", "carton", "cartons", n),
        "PAC": npgettext("quantity", "pack", "packs", n),
        "SET": npgettext("quantity", "set", "sets", n),
    }
