"""GST on a document: place of supply, tax per line, totals, label, HSN summary. Pure: no database, no clock.

Units: paise, quantity in thousandths, unit price in ten-thousandths of a rupee, rates in basis points.
Sources: IGST Act sections 5, 7, 8, 10, 16 and Circular 209/3/2024 (place of supply, zero-rated supplies), CGST Act
sections 9(3), 15(2), 15(3) (reverse charge, value of a supply) and 170 (rounding), CGST Rules 46, 46A and 49
(documents), Notification 78/2020-Central Tax (digits of HSN). An accountant should check the data here before real use.

Every component of tax is rounded half up by itself, on the line; totals are sums of rounded lines, so that
CGST equals SGST to the paisa and every column of the printed document adds up.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.gstin import require_other, state_code
from accounts.money import MAX_PAISE, divide_half_up, line_amount
from accounts.states import OTHER_COUNTRIES, STATES, is_utgst

_WHOLE = 10_000  # basis points
_MAX_RATE_BP = 10_000
_MAX_CESS_RATE_BP = 100_000  # compensation cess went up to 290 %


class DocumentLabel(TextChoices):
    """What the law calls the document; the value is what is printed in English, `.label` the translation."""

    TAX_INVOICE = "Tax Invoice", _("Tax Invoice")
    BILL_OF_SUPPLY = "Bill of Supply", _("Bill of Supply")
    INVOICE_CUM_BILL_OF_SUPPLY = "Invoice-cum-Bill of Supply", _("Invoice-cum-Bill of Supply")
    INVOICE = "Invoice", _("Invoice")


@dataclass(frozen=True, slots=True)
class Rate:
    """A GST rate and the days on which it can stand on a document; `until` None: still in force."""

    bp: int
    since: dt.date
    until: dt.date | None = None
    note: str = ""


_START = dt.date(2017, 7, 1)
_GST_2_0 = dt.date(2025, 9, 22)  # Notification 9/2025-Central Tax (Rate) and its sisters
_DAY_BEFORE_GST_2_0 = dt.date(2025, 9, 21)

RATES: tuple[Rate, ...] = (
    Rate(0, _START, note="nil rated or exempt"),
    Rate(25, _START, note="rough precious stones"),
    Rate(150, dt.date(2019, 4, 1), note="affordable housing; job work in, later also sale of, cut diamonds"),
    Rate(300, _START, note="gold, silver, jewellery"),
    Rate(500, _START),
    Rate(1200, _START, _DAY_BEFORE_GST_2_0),
    Rate(1800, _START),
    Rate(2800, _START, _DAY_BEFORE_GST_2_0),
    Rate(2800, _GST_2_0, dt.date(2026, 1, 31), note="tobacco and pan masala only, with cess"),  # 19/2025-CT(R)
    Rate(4000, _GST_2_0),
)


def rates_on(day: dt.date) -> tuple[int, ...]:
    """The rates in basis points that a document of `day` may carry, ascending, each once."""
    return tuple(sorted({rate.bp for rate in RATES if rate.since <= day and (rate.until is None or day <= rate.until)}))


class SupplyKind(TextChoices):
    """To whom: zero-rated supplies (section 16 of the IGST Act) are those to a SEZ and those abroad."""

    DOMESTIC = "domestic", _("Within India")
    SEZ = "sez", _("To a Special Economic Zone")
    EXPORT = "export", _("Export")


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a supply takes place (State code) and which taxes follow; `utgst` only inside one territory."""

    place_of_supply: str
    inter_state: bool
    utgst: bool = False
    kind: SupplyKind = SupplyKind.DOMESTIC

    @property
    def state_tax(self) -> str:
        """How the document names the State's half: "SGST" or "UTGST"."""
        return "UTGST" if self.utgst else "SGST"


@dataclass(frozen=True, slots=True)
class LineIn:
    """A line as the merchant wrote it: goods, a service, or a charge such as freight.

    `unit_price_e4` and `discount_paise` (off the whole line) include tax when `price_includes_tax`.
    `cess_per_unit_e4` is a specific cess in ten-thousandths of a rupee per unit, on top of `cess_rate_bp`.
    `in_taxable_value` False: an amount added after tax (what the seller laid out for the buyer as a pure agent,
    Rule 33); it bears no tax and no part of the document's discount. Raises ValueError with a plain, translated
    message for negative values, a discount above the amount, a rate above 100 % or a cess rate above 1000 %.
    """

    quantity_milli: int
    unit_price_e4: int
    discount_paise: int = 0
    gst_rate_bp: int = 0
    cess_rate_bp: int = 0
    price_includes_tax: bool = False
    cess_per_unit_e4: int = 0
    in_taxable_value: bool = True

    def __post_init__(self) -> None:
        if self.quantity_milli < 0:
            raise ValueError(_("The quantity cannot be negative."))
        if self.unit_price_e4 < 0:
            raise ValueError(_("The price cannot be negative."))
        if self.discount_paise < 0:
            raise ValueError(_("The discount cannot be negative."))
        if not 0 <= self.gst_rate_bp <= _MAX_RATE_BP or not 0 <= self.cess_rate_bp <= _MAX_CESS_RATE_BP:
            raise ValueError(_("This tax rate does not exist."))
        if self.cess_per_unit_e4 < 0:
            raise ValueError(_("The cess cannot be negative."))
        if self.discount_paise > self.gross_paise:
            raise ValueError(_("The discount is larger than the amount of the line."))

    @property
    def gross_paise(self) -> int:
        """Quantity x price before discount; includes tax when the price does."""
        return line_amount(self.quantity_milli, self.unit_price_e4)

    @property
    def net_paise(self) -> int:
        """What is left of it after the discount of the line."""
        return self.gross_paise - self.discount_paise


@dataclass(frozen=True, slots=True)
class LineOut:
    """A computed line, in paise: taxable + cgst + sgst + igst + cess + untaxed = total.

    gross - discount - document_discount (its part of the document's discount) = taxable, or untaxed for an amount
    outside the taxable value; except when the price includes tax: then they are what was asked, tax included, and
    may differ from the total by the rounding.
    """

    gross_paise: int
    discount_paise: int
    document_discount_paise: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    cess_paise: int
    untaxed_paise: int
    total_paise: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the lines in paise: taxable + cgst + sgst + igst + cess + untaxed + round_off = total.

    `round_off_paise` lies between -49 and 50.
    """

    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    cess_paise: int
    untaxed_paise: int
    round_off_paise: int
    total_paise: int


def place_of_supply(
    supplier_state: str,
    recipient_gstin: str = "",
    billing_state: str = "",
    delivery_state: str = "",
    is_sez: bool = False,
    *,
    supplier_gstin: str = "",
) -> Supply:
    """Where goods sold by a supplier in `supplier_state` are supplied, and whether that is inter-State.

    Registered buyer: the State of the GSTIN, also when the goods go elsewhere (section 10(1)(b)); numbers of
    the Centre (99...) name no State, so their address counts. Unregistered: the delivery State, else the
    billing State, else (no address) the supplier's. "96" is a place abroad: an export, always inter-State
    (section 7(5)). So is a SEZ buyer, who may sit in the supplier's own State.

    States are two-digit codes, "" when unknown; GSTINs are taken as valid. Raises ValueError for an unknown
    State, a supplier without a State or abroad, and when both GSTINs are the same.
    """
    require_other(supplier_gstin, recipient_gstin)
    for code in (supplier_state, billing_state, delivery_state):
        if code and code not in STATES:
            raise ValueError(_("%(code)s is not a State code.") % {"code": code})
    if not supplier_state or supplier_state == OTHER_COUNTRIES:
        raise ValueError(_("The business needs its own State in India before it can bill."))
    registered_in = state_code(recipient_gstin) if recipient_gstin else ""
    place = registered_in if registered_in in STATES else delivery_state or billing_state or supplier_state
    inter_state = is_sez or place != supplier_state
    kind = SupplyKind.DOMESTIC
    if is_sez:
        kind = SupplyKind.SEZ
    elif place == OTHER_COUNTRIES:
        kind = SupplyKind.EXPORT
    return Supply(place, inter_state, utgst=not inter_state and is_utgst(place), kind=kind)


def compute(
    lines: Iterable[LineIn],
    supply: Supply,
    *,
    discount_paise: int = 0,
    round_off: bool = True,
    charges_tax: bool = True,
) -> tuple[list[LineOut], Totals]:
    """Tax of every line, and the document's totals.

    Within a State each of CGST and SGST/UTGST is taxable x rate / 2, between States IGST is taxable x rate,
    each rounded half up to the paisa; cess is taxable x rate and so much per unit, each rounded likewise.
    `discount_paise` is a discount on the whole document, known when it is written (section 15(3)(a)): it is
    shared out over the lines in proportion to their net amounts, so that each rate bears its part, tax included
    where the line's price includes tax. `round_off` rounds the document to the rupee, half up, and shows the
    difference. `charges_tax` False: no tax whatever the rates and the price is what it is (composition,
    unregistered; reverse charge, where the buyer pays the tax; export or SEZ under a letter of undertaking).
    Raises ValueError when the total is above 999 crore rupees, or the discount is negative or more than the lines.
    """
    lines = list(lines)
    parts = _discounts(lines, discount_paise)
    computed = [_line(line, part, supply, charges_tax) for line, part in zip(lines, parts, strict=True)]
    exact = sum(line.total_paise for line in computed)
    total = divide_half_up(exact, 100) * 100 if round_off else exact
    if total > MAX_PAISE:
        raise ValueError(_("This amount is too large: at most 999 crore rupees."))
    return computed, Totals(
        taxable_paise=sum(line.taxable_paise for line in computed),
        cgst_paise=sum(line.cgst_paise for line in computed),
        sgst_paise=sum(line.sgst_paise for line in computed),
        igst_paise=sum(line.igst_paise for line in computed),
        cess_paise=sum(line.cess_paise for line in computed),
        untaxed_paise=sum(line.untaxed_paise for line in computed),
        round_off_paise=total - exact,
        total_paise=total,
    )


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` shared out in proportion to `weights`, to the unit: the parts add up to it (largest remainder first).

    Of equal remainders the earlier is served first. No part is larger than its weight unless `amount` is larger than
    all weights together. All-zero weights get nothing, so `amount` must then be 0: else ValueError.
    """
    whole = sum(weights)
    if not whole:
        if amount:
            raise ValueError("nothing to share out over")
        return [0] * len(weights)
    parts, remainders = zip(*(divmod(amount * weight, whole) for weight in weights), strict=True)
    first = sorted(range(len(weights)), key=lambda index: -remainders[index])[: amount - sum(parts)]
    return [part + (index in first) for index, part in enumerate(parts)]


def _discounts(lines: Sequence[LineIn], discount_paise: int) -> list[int]:
    if discount_paise < 0:
        raise ValueError(_("The discount cannot be negative."))
    nets = [line.net_paise if line.in_taxable_value else 0 for line in lines]
    if discount_paise > sum(nets):
        raise ValueError(_("The discount is larger than the lines together."))
    return apportion(discount_paise, nets)


def tax(taxable_paise: int, gst_rate_bp: int, inter_state: bool) -> tuple[int, int, int]:
    """(CGST, SGST or UTGST, IGST) on a taxable value, in paise: each rounded half up by itself."""
    if inter_state:
        return 0, 0, divide_half_up(taxable_paise * gst_rate_bp, _WHOLE)
    half = divide_half_up(taxable_paise * gst_rate_bp, 2 * _WHOLE)
    return half, half, 0


def _line(line: LineIn, document_discount: int, supply: Supply, charges_tax: bool) -> LineOut:
    taxed = charges_tax and line.in_taxable_value
    gst, cess_rate, cess_unit = (line.gst_rate_bp, line.cess_rate_bp, line.cess_per_unit_e4) if taxed else (0, 0, 0)
    specific_cess = line_amount(line.quantity_milli, cess_unit)
    net = line.net_paise - document_discount
    taxable = net
    if line.price_includes_tax:
        # The specific cess sits in the price as it is; a price below it leaves no value to tax.
        taxable = divide_half_up(max(net - specific_cess, 0) * _WHOLE, _WHOLE + gst + cess_rate)
    if not line.in_taxable_value:
        taxable = 0
    cgst, sgst, igst = tax(taxable, gst, supply.inter_state)
    cess = divide_half_up(taxable * cess_rate, _WHOLE) + specific_cess
    untaxed = 0 if line.in_taxable_value else net
    return LineOut(
        gross_paise=line.gross_paise,
        discount_paise=line.discount_paise,
        document_discount_paise=document_discount,
        taxable_paise=taxable,
        cgst_paise=cgst,
        sgst_paise=sgst,
        igst_paise=igst,
        cess_paise=cess,
        untaxed_paise=untaxed,
        total_paise=taxable + cgst + sgst + igst + cess + untaxed,
    )


def hsn_problem(hsn: str, digits: int, recipient_registered: bool) -> str:
    """What is wrong with the HSN/SAC of a line of a tax invoice, in plain words; "" when nothing is.

    `digits` is what the supplier's turnover asks for: 4 up to Rs. 5 crore a year, 6 above. A smaller supplier may
    leave it out for an unregistered buyer (proviso to Rule 46, Notification 78/2020-CT). Services have 6 digits and
    begin with 99.
    """
    if not hsn:
        if digits <= 4 and not recipient_registered:
            return ""
        return _("Write the HSN or SAC: %(n)d digits at least.") % {"n": digits}
    if len(hsn) < (6 if hsn.startswith("99") else digits):
        return _("This HSN is too short: %(n)d digits at least.") % {"n": 6 if hsn.startswith("99") else digits}
    return ""


class RatedLine(Protocol):
    """Any line that knows its rate: a `LineIn` or a stored line."""

    @property
    def gst_rate_bp(self) -> int: ...
    @property
    def in_taxable_value(self) -> bool: ...


def document_label(lines: Iterable[RatedLine], supplier_scheme: str, recipient_registered: bool) -> DocumentLabel:
    """What the document is called. A line at rate 0 counts as exempt; what stands outside the value does not count.

    Composition, or only exempt lines: Bill of Supply (Rule 49). Only taxable lines (or none yet): Tax
    Invoice. Mixed: Invoice to a registered buyer, Invoice-cum-Bill of Supply to an unregistered one (Rule 46A).
    A supplier who is not registered issues neither of them: Invoice.
    `supplier_scheme`: "regular", "composition" or "unregistered"; ValueError for another.
    """
    if supplier_scheme == "unregistered":
        return DocumentLabel.INVOICE
    if supplier_scheme == "composition":
        return DocumentLabel.BILL_OF_SUPPLY
    if supplier_scheme != "regular":
        raise ValueError(f"unknown scheme {supplier_scheme!r}")
    taxable = {line.gst_rate_bp > 0 for line in lines if line.in_taxable_value}
    if taxable == {False}:
        return DocumentLabel.BILL_OF_SUPPLY
    if taxable == {True, False}:
        return DocumentLabel.INVOICE if recipient_registered else DocumentLabel.INVOICE_CUM_BILL_OF_SUPPLY
    return DocumentLabel.TAX_INVOICE


class HsnLine(Protocol):
    """A computed line with its code: what `ledger.models.InvoiceLine` offers. `unit` is the UQC."""

    @property
    def hsn(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def quantity_milli(self) -> int: ...
    @property
    def gst_rate_bp(self) -> int: ...
    @property
    def in_taxable_value(self) -> bool: ...
    @property
    def taxable_paise(self) -> int: ...
    @property
    def cgst_paise(self) -> int: ...
    @property
    def sgst_paise(self) -> int: ...
    @property
    def igst_paise(self) -> int: ...
    @property
    def cess_paise(self) -> int: ...


@dataclass(frozen=True, slots=True)
class HsnRow:
    """One row of the HSN summary; quantity in thousandths, amounts in paise."""

    hsn: str
    unit: str
    gst_rate_bp: int
    quantity_milli: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    cess_paise: int

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise + self.cess_paise


def hsn_summary(lines: Iterable[HsnLine]) -> list[HsnRow]:
    """Lines added up by HSN/SAC, unit and rate: the same code with another rate or unit is another row.

    Ordered by code, unit, rate; lines without a code make rows with hsn "". What stands outside the value is left out.
    """
    groups: dict[tuple[str, str, int], list[HsnLine]] = {}
    for line in lines:
        if not line.in_taxable_value:
            continue
        groups.setdefault((line.hsn, line.unit, line.gst_rate_bp), []).append(line)
    return [_hsn_row(key, groups[key]) for key in sorted(groups)]


def _hsn_row(key: tuple[str, str, int], lines: Sequence[HsnLine]) -> HsnRow:
    hsn, unit, rate = key
    return HsnRow(
        hsn=hsn,
        unit=unit,
        gst_rate_bp=rate,
        quantity_milli=sum(line.quantity_milli for line in lines),
        taxable_paise=sum(line.taxable_paise for line in lines),
        cgst_paise=sum(line.cgst_paise for line in lines),
        sgst_paise=sum(line.sgst_paise for line in lines),
        igst_paise=sum(line.igst_paise for line in lines),
        cess_paise=sum(line.cess_paise for line in lines),
    )
