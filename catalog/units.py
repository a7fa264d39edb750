"""Quantities in words: "3 packs", "1 box", "2.5 kg"; and which units are counted, so that none is ordered by halves."""

from django.utils.translation import npgettext

from accounts.money import quantity
from catalog.models import UNITS

ONE_MILLI = 1_000
COUNTED = {"PCS", "BOX", "BAG", "BTL", "CTN", "DOZ", "PAC", "SET", "NOS"}


def is_broken(milli: int, unit: str) -> bool:
    """Whether so much would break one up: half a pack; half a kilo is fine."""
    return unit in COUNTED and milli % ONE_MILLI != 0


def step(unit: str) -> str:
    """By how much a quantity of this unit may change, for an input."""
    return "1" if unit in COUNTED else "0.001"


class Units:
    """The words for units in the active language. Made once a page: each word costs a look into the catalogue."""

    def __init__(self) -> None:
        names = {code: str(name) for code, name in UNITS} | {"OTH": ""}
        self._one = names | _counted(1)
        self._many = names | _counted(2)

    def name(self, unit: str) -> str:
        """As in "₹96 / box"; "" where the unit is none of those with a name."""
        return self._one.get(unit, unit)

    def many(self, unit: str) -> str:
        """As in "a whole number of boxes"."""
        return self._many.get(unit, unit)

    def measured(self, milli: int, unit: str) -> str:
        """Thousandths of a unit as they are read: "3 packs", "0 packs"."""
        words = self._one if 0 < abs(milli) <= ONE_MILLI else self._many
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
