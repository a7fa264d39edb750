"""Issue and cancel invoices and credit notes."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, background
from accounts.models import User
from accounts.money import rupees
from catalog import stock
from ledger import crediting, drafting, facts, numbering, snapshots, tasks
from ledger.models import Invoice, InvoiceLine, OpenItem, Series
from ledger.posting.book import PostingRefused, check_day, lock_party, post, reverse, set_number
from ledger.posting.settling import allocate, carry_over, release, use_credits


@transaction.atomic
def issue(
    invoice: Invoice, by: User | None, series: Series | None = None, *, settled_by: Sequence[tuple[int, int]] = ()
) -> Invoice:
    """Issue a draft: number, snapshots, entry, open item, stock. Raises PostingRefused or numbering.SeriesFull.

    The number comes from `series`, else from the draft's, else from the default one of its kind. Issuing twice
    returns the issued invoice. An invoice is settled by the credits (item id, paise) in `settled_by`, then by what
    the party has paid in advance (of cash sales, by nothing else). A credit note first settles what is still due on
    its original.
    """
    # The caller's copy may be old: the party to lock is the one that stands in the book now.
    party_id = Invoice.objects.values_list("party_id", flat=True).get(pk=invoice.pk)
    locked = lock_party(invoice.business_id, party_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=invoice.pk)
    if invoice.party_id != locked.pk:
        raise PostingRefused(_("This draft was changed meanwhile. Look at it again."))
    if invoice.status == Invoice.Status.ISSUED:
        return invoice
    if invoice.status != Invoice.Status.DRAFT:
        raise PostingRefused(_("A cancelled document cannot be issued."))
    business = invoice.business
    lines = list(invoice.lines.all())
    check_invoice(invoice, lines)
    if invoice.kind == Invoice.Kind.INVOICE:
        _check_tax(invoice, lines)
    snapshots.freeze(invoice, lines)
    set_number(invoice, *numbering.take(business, invoice.kind, invoice.issued_on, series=series or invoice.series))
    invoice.facts_hash = facts.hash_of(invoice, lines)
    invoice.status, invoice.issued_at = Invoice.Status.ISSUED, timezone.now()
    invoice.save()
    item = post(invoice, by)
    if invoice.kind == Invoice.Kind.INVOICE:
        carry_over(settled_by, item)
        if not locked.is_walk_in:  # many people: one's money pays no other one's bill
            use_credits(item)
    elif invoice.original_id:
        debit = OpenItem.objects.select_for_update().get(invoice_id=invoice.original_id)
        if part := min(invoice.total_paise, debit.total_paise - debit.settled_paise):
            allocate(item, [(debit.pk, part)])
    move_stock(invoice, lines)
    activity.record(business, by, "issued", (invoice.kind, str(invoice.pk)), number=invoice.number)
    background.run(tasks.make_paper, invoice.pk)
    return invoice


def move_stock(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """What an issued document takes off the shelf, or brings back."""
    direction = -1 if invoice.kind == Invoice.Kind.INVOICE else 1
    stock.move(
        invoice.business,
        [(line.item_id, direction * line.quantity_milli) for line in lines if line.item_id],
        stock.Reason.SOLD if direction < 0 else stock.Reason.RETURNED,
        (invoice.kind, str(invoice.pk)),
    )


def _check_tax(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    try:
        out_of_date = drafting.is_out_of_date(invoice, lines)
    except drafting.DraftRefused as error:
        raise PostingRefused(str(error)) from error
    if out_of_date:
        raise PostingRefused(
            _(
                "The GST details of the business or of the party have changed since this draft was saved. Open the draft, look at the tax and save it again."
            )
        )


def _check_original(note: Invoice) -> None:
    """A credit note corrects an issued invoice, and all of them together give back no more than it."""
    assert note.original_id is not None
    original = Invoice.objects.get(business_id=note.business_id, pk=note.original_id)
    if original.status != Invoice.Status.ISSUED:
        raise PostingRefused(_("The invoice that this credit note corrects is not issued, or was cancelled."))
    credited = crediting.credited(original)
    if credited + note.total_paise > original.total_paise:
        raise PostingRefused(
            _("You cannot credit more than the invoice: of %(total)s, %(rest)s are left.")
            % {"total": rupees(original.total_paise), "rest": rupees(original.total_paise - credited)}
        )


@transaction.atomic
def cancel_invoice(invoice: Invoice, by: User, reason: str) -> Invoice:
    """Cancel an issued document: its number stays, its entry is reversed, what had settled it becomes an advance.

    Raises PostingRefused. Cancelling twice changes nothing.
    """
    lock_party(invoice.business_id, invoice.party_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=invoice.pk)
    if invoice.status == Invoice.Status.CANCELLED:
        return invoice
    if invoice.status != Invoice.Status.ISSUED:
        raise PostingRefused(_("A draft is deleted, not cancelled."))
    if invoice.credit_notes.filter(status=Invoice.Status.ISSUED).exists():
        raise PostingRefused(_("Cancel its credit notes first."))
    if invoice.original and invoice.original.replaced_by.filter(status=Invoice.Status.ISSUED).exists():
        raise PostingRefused(_("The invoice that it takes back has been replaced. Cancel the new invoice first."))
    invoice.cancelled_on = reverse(invoice, by)
    release(OpenItem.objects.select_for_update().get(invoice=invoice))
    invoice.status, invoice.cancelled_at, invoice.cancel_reason = Invoice.Status.CANCELLED, timezone.now(), reason
    invoice.save(update_fields=["status", "cancelled_at", "cancelled_on", "cancel_reason"])
    back = 1 if invoice.kind == Invoice.Kind.INVOICE else -1
    stock.move(
        invoice.business,
        [(line.item_id, back * line.quantity_milli) for line in invoice.lines.all() if line.item_id],
        stock.Reason.CANCELLED,
        (invoice.kind, str(invoice.pk)),
    )
    activity.record(invoice.business, by, "cancelled", (invoice.kind, str(invoice.pk)), reason=reason)
    return invoice


def check_invoice(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    if not lines:
        raise PostingRefused(_("Add at least one line before you issue."))
    check_day(invoice.business, invoice.issued_on)
    if invoice.original_id:
        _check_original(invoice)
        if over := crediting.beyond_what_is_left(invoice, lines):
            raise PostingRefused(
                _("You cannot credit more of “%(line)s” than was billed: %(rest)s are left.")
                % {"line": over.line.description, "rest": rupees(over.total_paise)}
            )
