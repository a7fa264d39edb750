"""What a row of the ledger holds inside: the parts of a bill, and which papers settle which; for one page of rows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.money import rupees
from ledger.models import Adjustment, Allocation, Entry, Invoice, Payment
from ledger.talks import document_words

SHOWN = 10  # papers of one document; its page has all

# Name and amount: "Taxable value", "₹100.00".
Pairs = tuple[tuple[str, str], ...]


def of_entries(party: Party, entries: Iterable[Entry]) -> dict[int, Pairs]:
    """Entry id -> what stands in its voucher; reversals have none. One query for any number of entries.

    The entries come with their documents, open items and charges (ledger.statements.page).
    """
    found = [entry for entry in entries if entry.kind != Entry.Kind.REVERSAL]
    settled = settlements(party, [item for entry in found if (item := _item(entry))])
    return {entry.pk: (*_amounts(entry), *settled.get(item.pk if (item := _item(entry)) else 0, ())) for entry in found}


def _item(entry: Entry) -> Any:
    return getattr(entry.document, "open_item", None)


def _amounts(entry: Entry) -> Pairs:
    """The parts of a bill or credit note that are not zero; those of one without tax say nothing new."""
    invoice = entry.invoice
    if invoice is None:
        return ()
    parts = (
        (_("Taxable value"), invoice.taxable_paise),
        (_("of which freight and charges"), getattr(entry, "charges_paise", None) or 0),
        (_("CGST"), invoice.cgst_paise),
        (_("SGST/UTGST"), invoice.sgst_paise),
        (_("IGST"), invoice.igst_paise),
        (_("Cess"), invoice.cess_paise),
        (_("Charges without tax"), invoice.untaxed_paise),
        (_("Round-off"), invoice.round_off_paise),
    )
    return tuple((name, rupees(paise)) for name, paise in parts if paise)


def settlements(party: Party, items: list[Any]) -> dict[int, Pairs]:
    """Open item id -> the papers that settle it, or that it settles, with so much of each: one query."""
    if not items:
        return {}
    ids = [item.pk for item in items]
    sources = [f"{side}__{name}" for side in ("debit", "credit") for name in Entry.SOURCES]
    rows = Allocation.objects.filter(Q(debit_id__in=ids) | Q(credit_id__in=ids), business_id=party.business_id)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in rows.filter(party=party).select_related("debit", "credit", *sources).order_by("pk"):
        for item, other, words in (
            (row.debit_id, row.credit, _("settled by %(paper)s")),
            (row.credit_id, row.debit, _("settles %(paper)s")),
        ):
            found[item].append((words % {"paper": _named(other.document)}, rupees(row.amount_paise)))
    return {item: _first(found[item]) for item in ids if item in found}


def _named(document: Invoice | Payment | Adjustment) -> str:
    return document_words(document)


def _first(pairs: list[tuple[str, str]]) -> Pairs:
    if len(pairs) <= SHOWN:
        return tuple(pairs)
    return (*pairs[:SHOWN], (_("and %(n)s more") % {"n": len(pairs) - SHOWN}, ""))
