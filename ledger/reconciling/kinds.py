"""What can be different between two books, and the rows that are compared. Pure."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """Ten kinds of difference between rows, and what else a bridge needs.

    MISSING_MINE the customer has not booked it; MISSING_SHOP the shop has not; AMOUNT, DATE, REFERENCE differ on one
    document; TAX differs by exactly a tax of the bill; TWICE booked a second time by the customer; SPLIT one payment
    as several rows (or several as one) of the same sum; SIDE on the wrong side; TDS deducted tax on one side only.
    OTHERS: numbered like this shop's bills, but no bill of this party; CANCELLED: the shop has cancelled it. OPENING
    and STATED are no rows: the balance before the first day, and a closing balance that the file's rows do not give.
    """

    SAME = "same", _("The same in both books")
    MISSING_MINE = "missing_mine", _("Not in your book")
    MISSING_SHOP = "missing_shop", _("Not in the shop's book")
    AMOUNT = "amount", _("Amount differs")
    TAX = "tax", _("Differs by the tax")
    DATE = "date", _("Date differs")
    REFERENCE = "reference", _("Number written differently")
    TWICE = "twice", _("In your book twice")
    SPLIT = "split", _("One payment in several rows")
    SIDE = "side", _("On the wrong side")
    TDS = "tds", _("TDS in one book only")
    OTHERS = "others", _("Not a bill of yours")
    CANCELLED = "cancelled", _("Cancelled by the shop")
    OPENING = "opening", _("Opening balance differs")
    STATED = "stated", _("Your file does not add up")


@dataclass(frozen=True, slots=True)
class Ours:
    """An entry of the shop's book. `what` is Entry.Kind, `taxes` what a bill carries (paise), `in_period` False for
    those just outside the days compared: they may explain a row, and are missing nowhere. `group` joins a payment
    and the TDS kept back from it.
    """

    key: str
    what: str
    number: str
    reference: str
    on: dt.date
    paise: int
    taxes: tuple[int, ...] = ()
    in_period: bool = True
    group: str = ""

    @property
    def is_document(self) -> bool:
        return self.what in ("invoice", "credit_note")


@dataclass(frozen=True, slots=True)
class Theirs:
    """A row of the customer's file (`line` counts from 1), its sign turned into the shop's."""

    line: int
    on: dt.date
    number: str
    text: str
    paise: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that belong together (either side may be empty). `paise`: what the shop's book has more of it.

    `also_date`: the days differ too.
    """

    kind: Kind
    ours: tuple[Ours, ...]
    theirs: tuple[Theirs, ...]
    also_date: bool = False

    @property
    def paise(self) -> int:
        return sum(row.paise for row in self.ours if row.in_period and self.kind is not Kind.CANCELLED) - sum(
            row.paise for row in self.theirs
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the bridge from their closing balance to ours."""

    kind: Kind
    rows: int
    paise: int


@dataclass(slots=True)
class Result:
    """Balances in paise, as the shop signs them. `their_paise` + all steps = `our_paise`, always."""

    findings: list[Finding] = field(default_factory=list)
    their_paise: int = 0
    our_paise: int = 0
    steps: list[Step] = field(default_factory=list)

    @property
    def differences(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind is not Kind.SAME]
