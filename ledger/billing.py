"""From what was typed or ordered to an invoice: save, issue, bill an order; each in one transaction."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import activity
from accounts.india import today
from accounts.models import Business, Party, User
from catalog import orders
from catalog.models import Order
from ledger import drafting, posting
from ledger.drafting import Draft, DraftLine
from ledger.models import Invoice


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
            )
            for line in order.lines.select_related("item")
        ],
    )
    invoice = drafting.save(order.business, draft, by, order=order)
    orders.close(order, Order.Status.BILLED, by)
    return invoice


@transaction.atomic
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
