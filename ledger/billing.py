"""From what was typed or ordered to a document: save, issue, bill an order, credit, amend; each in one transaction."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import activity
from accounts.india import today
from accounts.models import Business, Party, User
from catalog import orders
from catalog.models import Order
from ledger import crediting, drafting, posting
from ledger.crediting import CreditRefused, LineLeft, Want
from ledger.drafting import Draft, DraftLine
from ledger.models import Allocation, Invoice, InvoiceLine


@transaction.atomic
def save(business: Business, draft: Draft, by: User, *, invoice: Invoice | None, issue: bool) -> Invoice:
    """Save a draft and, if asked, issue it. Raises DraftRefused, PostingRefused or SeriesFull; then nothing is kept."""
    if issue:  # lock order: the party before its invoices
        Party.objects.select_for_update(no_key=True).get(business=business, pk=draft.party.pk)
    saved = drafting.save(business, draft, by, invoice=invoice)
    return posting.issue(saved, by) if issue else saved


@transaction.atomic
def bill_order(order: Order, by: User) -> Invoice:
    """The draft invoice of an order; the order is billed from then on.

    It becomes billed together with its draft, not at issue: the customer sees at once that the shop has taken it
    up, nobody can decline it while the bill is being written, and issuing needs to know nothing of orders. The
    draft takes over the stock that was kept. Asking again gives the same invoice; after a cancelled one, a new
    draft. A discarded draft lets the order wait again (`discard`). Raises OrderRefused (declined or taken back) or DraftRefused.
    """
    Party.objects.select_for_update(no_key=True).get(business_id=order.business_id, pk=order.party_id)
    order = Order.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=order.pk)
    order.party.business = order.business
    if existing := order.invoices.exclude(status=Invoice.Status.CANCELLED).first():
        return existing
    if order.status not in (Order.Status.PLACED, Order.Status.BILLED):
        raise orders.OrderRefused(_("This order has been answered already."))
    on = today()
    draft = Draft(
        party=order.party,
        issued_on=on,
        due_on=on + dt.timedelta(days=order.party.days_of_credit()),
        reference=order.display_number,
        lines=[
            DraftLine(
                description=line.description,
                quantity_milli=line.quantity_milli,
                unit_price_e4=line.unit_price_e4,
                gst_rate_bp=line.gst_rate_bp,
                price_includes_tax=line.price_includes_tax,
                unit=line.unit,
                hsn=line.item.hsn,
                item_id=line.item_id,
                cess_rate_bp=line.item.cess_rate_bp,
                cess_per_unit_e4=line.item.cess_per_unit_e4,
            )
            for line in order.lines.select_related("item")
        ],
    )
    invoice = drafting.save(order.business, draft, by, order=order)
    orders.close(order, Order.Status.BILLED, by)
    return invoice


@transaction.atomic
def credit(
    original: Invoice, wants: Sequence[Want] | None, by: User, *, issued_on: dt.date, reason: str, notes: str = ""
) -> Invoice:
    """Issue a credit note for a part of an invoice, or for all that is left of it (`wants` None).

    It carries the original's place of supply and rates (section 34). Raises CreditRefused, PostingRefused or
    SeriesFull; then nothing is kept.
    """
    if not reason.strip():
        raise CreditRefused(_("Write why you give the credit: the customer reads it."))
    Party.objects.select_for_update(no_key=True).get(business_id=original.business_id, pk=original.party_id)
    original = Invoice.objects.select_related("business", "party").get(business_id=original.business_id, pk=original.pk)
    if original.kind != Invoice.Kind.INVOICE or original.status != Invoice.Status.ISSUED:
        raise CreditRefused(_("Only an issued invoice can be credited."))
    if issued_on < original.issued_on:
        raise CreditRefused(_("A credit note cannot be older than its invoice."))
    note, lines = credit_sketch(original, crediting.left_of(original), wants, issued_on=issued_on)
    note.reason, note.notes, note.created_by = reason.strip(), notes, by
    note.save()
    for line in lines:
        line.invoice = note
    InvoiceLine.objects.bulk_create(lines)
    return posting.issue(note, by)


def credit_sketch(
    original: Invoice, left: Sequence[LineLeft], wants: Sequence[Want] | None, *, issued_on: dt.date
) -> tuple[Invoice, list[InvoiceLine]]:
    """The unsaved credit note that `credit` would issue, with its totals. Raises CreditRefused."""
    lines = crediting.lines_for(left, crediting.everything(left) if wants is None else wants)
    note = Invoice(
        business=original.business,
        party=original.party,
        kind=Invoice.Kind.CREDIT_NOTE,
        original=original,
        issued_on=issued_on,
        due_on=issued_on,
        reference=original.reference,
        place_of_supply=original.place_of_supply,
        is_inter_state=original.is_inter_state,
        supply_kind=original.supply_kind,
        under_lut=original.under_lut,
        reverse_charge=original.reverse_charge,
        ship_to=original.ship_to,
    )
    crediting.set_totals(note, original, left, lines)
    return note, lines


@transaction.atomic
def amend(invoice: Invoice, draft: Draft, by: User, *, reason: str, by_credit_note: bool = False) -> Invoice:
    """Correct an issued invoice in one action: cancel it, or credit all that is left of it, and issue `draft` instead.

    The new invoice names the old one (`replaces`) and is settled by what had settled the old one. A credit note is
    the way when the old invoice has gone into a return already; it is dated as the new invoice. Raises
    PostingRefused, CreditRefused, DraftRefused or SeriesFull; then nothing is changed.
    """
    both = {invoice.party_id, draft.party.pk}  # the new invoice may go to another party: lock them in one order
    list(Party.objects.select_for_update(no_key=True).filter(business=invoice.business_id, pk__in=both).order_by("pk"))
    invoice = Invoice.objects.select_related("business", "open_item").get(
        business_id=invoice.business_id, pk=invoice.pk
    )
    if invoice.kind != Invoice.Kind.INVOICE or invoice.status != Invoice.Status.ISSUED:
        raise CreditRefused(_("Only an issued invoice can be amended."))
    if invoice.replaced_by.exclude(status=Invoice.Status.CANCELLED).exists():
        raise CreditRefused(_("This invoice has been replaced already."))
    if by_credit_note:
        settled = posting.make_room(invoice, invoice.total_paise - crediting.credited(invoice))
        credit(invoice, None, by, issued_on=draft.issued_on, reason=reason)
    else:
        allocations = Allocation.objects.filter(debit=invoice.open_item).order_by("pk")
        settled = list(allocations.values_list("credit", "amount_paise"))
        posting.cancel_invoice(invoice, by, reason)
    order = invoice.order if not by_credit_note else None
    new = drafting.save(invoice.business, draft, by, order=order, replaces=invoice)
    return posting.issue(new, by, settled_by=settled if draft.party.pk == invoice.party_id else ())


def discard(invoice: Invoice, by: User) -> None:
    """Delete a draft; the order it was made from waits again (`an_order_is_billed_once`: no other invoice stands for it).

    A draft that is gone already stays gone. Raises DraftRefused for an issued invoice.
    """
    order = None
    if invoice.order_id:  # lock order as in bill_order: party, order, invoice
        Party.objects.select_for_update(no_key=True).get(business_id=invoice.business_id, pk=invoice.party_id)
        order = Order.objects.select_for_update().get(business_id=invoice.business_id, pk=invoice.order_id)
    if not drafting.discard(invoice):
        return
    if order:
        orders.reopen(order, by)
    activity.record(invoice.business, by, "discarded", ("draft", invoice.public_id), order=order and order.public_id)


def order_of_discarded(business: Business, public_id: str) -> str | None:
    """For a draft of this id that was discarded: its order's public id, "" without one; None for any other id."""
    deed = business.activities.filter(verb="discarded", subject_kind="draft", subject_id=public_id).first()
    return (deed.data["order"] or "") if deed else None
