"""What goods come to once they are billed, GST and rounding included, before a bill is written. Pure: no database."""

from collections.abc import Iterable

from accounts.models import Business, Party
from catalog.models import Item, OrderLine
from ledger import drafting, gst

_AT_HOME = gst.Supply(place_of_supply="", inter_state=False)


def bears_tax(business: Business, party: Party) -> bool:
    """Whether a bill to this party charges GST: not under a letter of undertaking, nor by a shop that may not."""
    return _charges_tax(business, _supply(business, party))


def of_items(business: Business, party: Party, goods: Iterable[tuple[Item, int]]) -> int:
    """Items and how much of each (thousandths) -> about what their bill will be, in paise."""
    return _total(business, party, [_line(item, milli, item) for item, milli in goods])


def of_order(business: Business, party: Party, lines: Iterable[OrderLine]) -> int:
    """Lines of an order (read with their items) at the prices of its day -> about what its bill will be, in paise."""
    return _total(business, party, [_line(line, line.quantity_milli, line.item) for line in lines])


def adds_tax(business: Business, party: Party, lines: Iterable[OrderLine]) -> bool:
    """Whether GST or cess will come on top of a price of this order."""
    return bears_tax(business, party) and any(
        not line.price_includes_tax and is_taxable(line.item, line.gst_rate_bp) for line in lines
    )


def is_taxable(item: Item, gst_rate_bp: int) -> bool:
    return bool(gst_rate_bp or item.cess_rate_bp or item.cess_per_unit_e4)


def _line(priced: Item | OrderLine, milli: int, item: Item) -> gst.LineIn:
    """As `billing.bill_order` will write it."""
    return gst.LineIn(
        quantity_milli=milli,
        unit_price_e4=priced.unit_price_e4,
        gst_rate_bp=priced.gst_rate_bp,
        price_includes_tax=priced.price_includes_tax,
        cess_rate_bp=item.cess_rate_bp,
        cess_per_unit_e4=item.cess_per_unit_e4,
    )


def _total(business: Business, party: Party, lines: list[gst.LineIn]) -> int:
    supply = _supply(business, party)
    try:
        return gst.compute(lines, supply, charges_tax=_charges_tax(business, supply))[1].total_paise
    except ValueError:  # more than a bill can hold: it is refused as it is
        return sum(line.gross_paise for line in lines)


def _supply(business: Business, party: Party) -> gst.Supply:
    """Where it is supplied; at home while that cannot be said, for an estimate is wanted all the same."""
    try:
        return drafting.supply_of(business, party)
    except drafting.DraftRefused:
        return _AT_HOME


def _charges_tax(business: Business, supply: gst.Supply) -> bool:
    return business.charges_tax and not (supply.kind != gst.SupplyKind.DOMESTIC and business.lut_number)
