"""Which credit settles which debit: open items and their allocations."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import activity, changes
from accounts.models import Party, User
from ledger.models import Allocation, Invoice, OpenItem, Payment
from ledger.posting.book import Document, PostingRefused, lock_party

FEW = 500  # credits looked at in one go


@dataclass(frozen=True, slots=True)
class Share:
    """So many paise of a credit for this debit item."""

    debit: OpenItem
    amount_paise: int


def open_debits(party: Party) -> list[OpenItem]:
    """What the party still has to settle, oldest due first, each with its document."""
    # Not joined: PostgreSQL takes a third of a party's items for open and would read every invoice of the business.
    return list(_open_debits(party).prefetch_related(*OpenItem.SOURCES))


def oldest_debits(party: Party, how_many: int) -> list[OpenItem]:
    """The first of `open_debits`, for a page that shows a few of them: one query."""
    return list(_open_debits(party).select_related(*OpenItem.SOURCES)[:how_many])


def _open_debits(party: Party) -> QuerySet[OpenItem]:
    return OpenItem.objects.filter(
        business_id=party.business_id, party=party, side=OpenItem.Side.DEBIT, open_paise__gt=0
    ).order_by("due_on", "id")


def oldest_first(debits: Iterable[OpenItem], amount_paise: int) -> list[Share]:
    """Which items an amount closes, oldest first; what is left over stays an advance."""
    shares = []
    for debit in debits:
        part = min(amount_paise, debit.total_paise - debit.settled_paise)
        if part > 0:
            shares.append(Share(debit, part))
            amount_paise -= part
    return shares


def allocate(credit: OpenItem, shares: Sequence[tuple[int, int]]) -> None:
    """Settle debit items with `credit`. `shares` are (debit item id, paise); the party is locked by the caller."""
    wanted: dict[int, int] = defaultdict(int)
    for debit_id, amount in shares:
        if amount < 0:
            raise PostingRefused(_("An allocated amount cannot be negative."))
        if amount:
            wanted[debit_id] += amount
    if sum(wanted.values()) > credit.total_paise - credit.settled_paise:
        raise PostingRefused(_("You are allocating more than the payment."))
    debits = {
        item.pk: item
        for item in OpenItem.objects.select_for_update()
        .filter(business_id=credit.business_id, party_id=credit.party_id, side=OpenItem.Side.DEBIT, pk__in=wanted)
        .order_by("pk")
    }
    for debit_id, amount in wanted.items():
        debit = debits.get(debit_id)
        if debit is None:
            raise PostingRefused(_("One of the bills is not this party's."))
        if amount > debit.total_paise - debit.settled_paise:
            raise PostingRefused(_("You are allocating more than is still due on a bill. Look at the amounts again."))
    for debit_id, amount in sorted(wanted.items()):
        OpenItem.objects.filter(pk=debit_id).update(settled_paise=F("settled_paise") + amount)
        allocation, created = Allocation.objects.get_or_create(
            debit_id=debit_id,
            credit_id=credit.pk,
            defaults={"business_id": credit.business_id, "party_id": credit.party_id, "amount_paise": amount},
        )
        if not created:
            Allocation.objects.filter(pk=allocation.pk).update(amount_paise=F("amount_paise") + amount)
    OpenItem.objects.filter(pk=credit.pk).update(settled_paise=F("settled_paise") + sum(wanted.values()))


def settle_oldest_first(credit: OpenItem, party: Party) -> None:
    """Use all of a credit for what the party still owes, oldest due first; the rest stays an advance."""
    shares = oldest_first(_open_debits(party), credit.total_paise - credit.settled_paise)
    allocate(credit, [(share.debit.pk, share.amount_paise) for share in shares])


def use_credits(debit: OpenItem) -> None:
    """Settle a debit with the party's open credits, oldest first: the same few queries for one as for `FEW`.

    The party is locked by the caller.
    """
    open_credits = OpenItem.objects.select_for_update().filter(
        business_id=debit.business_id,
        party_id=debit.party_id,
        side=OpenItem.Side.CREDIT,
        open_paise__gt=0,
    )
    # What is used up is open no longer, so each look finds the next ones.
    while (rest := debit.total_paise - debit.settled_paise) and (
        found := list(open_credits.order_by("dated_on", "id")[:FEW])
    ):
        used = []
        for credit in found:
            if part := min(rest, credit.total_paise - credit.settled_paise):
                used.append((credit, part))
                rest -= part
        _settle_with(debit, used)


def _settle_with(debit: OpenItem, used: Sequence[tuple[OpenItem, int]]) -> None:
    """Settle a debit with so much of each of these credits, all of them locked."""
    before = Allocation.objects.filter(debit=debit, credit__in=[credit.pk for credit, _part in used])
    grown = set(before.values_list("credit", flat=True)) if debit.settled_paise else set()
    for credit, part in used:
        credit.settled_paise += part
        debit.settled_paise += part
        if credit.pk in grown:
            before.filter(credit=credit).update(amount_paise=F("amount_paise") + part)
    Allocation.objects.bulk_create(
        Allocation(
            business_id=debit.business_id, party_id=debit.party_id, debit=debit, credit=credit, amount_paise=part
        )
        for credit, part in used
        if credit.pk not in grown
    )
    OpenItem.objects.bulk_update([debit, *(credit for credit, _part in used)], ["settled_paise"])


@transaction.atomic
def allocate_payment(payment: Payment, shares: Sequence[tuple[int, int]], by: User) -> None:
    """Use an advance: settle debit items (item id, paise) with what is left of a payment. Raises PostingRefused."""
    lock_party(payment.business_id, payment.party_id)
    allocate(_usable(payment), shares)
    changes.note(payment.business_id, payment.party_id, changes.Kind.BALANCE, payment.public_id)
    activity.record(payment.business, by, "allocated", ("payment", str(payment.pk)), paise=sum(a for _id, a in shares))


@transaction.atomic
def reallocate(document: Document, shares: Sequence[tuple[int, int]], by: User) -> None:
    """Settle exactly these debit items (item id, paise) with a payment, credit note or adjustment, and no others.

    What it settled before becomes due again unless it is among `shares`; what is left over is an advance. Raises
    PostingRefused; then nothing changed.
    """
    lock_party(document.business_id, document.party_id)
    credit = _usable(document)
    _refuse_to_leave_replaced(document, credit, shares)
    free(credit)
    credit.refresh_from_db()
    allocate(credit, shares)
    changes.note(document.business_id, document.party_id, changes.Kind.BALANCE, document.public_id)
    kind = document._meta.model_name or ""
    subject = (document.kind if isinstance(document, Invoice) else kind, str(document.pk))
    activity.record(document.business, by, "reallocated", subject, paise=sum(amount for _id, amount in shares))


def _refuse_to_leave_replaced(document: Document, credit: OpenItem, shares: Sequence[tuple[int, int]]) -> None:
    """A credit note keeps what it settles of an invoice that was replaced: else both invoices would be due."""
    if not isinstance(document, Invoice) or not document.original_id:
        return
    held = Allocation.objects.filter(
        credit=credit,
        debit__invoice=document.original_id,
        debit__invoice__replaced_by__status=Invoice.Status.ISSUED,
    ).first()
    if held and sum(part for item_id, part in shares if item_id == held.debit_id) < held.amount_paise:
        raise PostingRefused(_("The invoice that it takes back has been replaced. Cancel the new invoice first."))


def _usable(document: Document) -> OpenItem:
    """The credit item of a document that counts, locked; a cancelled one is closed at 0."""
    source = {f"{document._meta.model_name}_id": document.pk}
    item = OpenItem.objects.select_for_update().filter(business_id=document.business_id, **source).first()
    if item is None or item.side != OpenItem.Side.CREDIT or not item.total_paise:
        raise PostingRefused(_("This payment cannot settle bills."))
    return item


def free(item: OpenItem) -> None:
    """Undo all allocations of an item: what it settled, or what had settled it, is open again."""
    for allocation in Allocation.objects.filter(Q(debit=item) | Q(credit=item)).order_by("pk"):
        other = allocation.credit_id if allocation.debit_id == item.pk else allocation.debit_id
        OpenItem.objects.filter(pk=other).update(settled_paise=F("settled_paise") - allocation.amount_paise)
        allocation.delete()
    OpenItem.objects.filter(pk=item.pk).update(settled_paise=0)


def release(item: OpenItem) -> None:
    """Undo the allocations of an item and close it at 0: its document is being cancelled."""
    free(item)
    OpenItem.objects.filter(pk=item.pk).update(total_paise=0)


def make_room(invoice: Invoice, paise: int) -> list[tuple[int, int]]:
    """Free so much of an invoice that a credit note of `paise` fits on it; the party is locked by the caller.

    What settled it last goes first; its own credit notes stay. Returns what was freed: (credit item id, paise).
    """
    debit = OpenItem.objects.select_for_update().get(invoice=invoice)
    missing = paise - (debit.total_paise - debit.settled_paise)
    freed: list[tuple[int, int]] = []
    others = Allocation.objects.filter(debit=debit).exclude(credit__invoice__original=invoice)
    for allocation in others.order_by("-pk"):
        part = min(missing, allocation.amount_paise)
        if part <= 0:
            break
        OpenItem.objects.filter(pk__in=(debit.pk, allocation.credit_id)).update(settled_paise=F("settled_paise") - part)
        if part == allocation.amount_paise:
            allocation.delete()
        else:
            Allocation.objects.filter(pk=allocation.pk).update(amount_paise=F("amount_paise") - part)
        freed.insert(0, (allocation.credit_id, part))
        missing -= part
    return freed


def carry_over(settled: Sequence[tuple[int, int]], debit: OpenItem) -> None:
    """Let an invoice be settled by what settled the one it replaces: (credit item id, paise), as far as both go.

    The party is locked by the caller.
    """
    credits_of_party = OpenItem.objects.select_for_update().filter(
        business_id=debit.business_id, party_id=debit.party_id, side=OpenItem.Side.CREDIT
    )
    found = credits_of_party.in_bulk([credit_id for credit_id, _paise in settled])
    rest, used = debit.total_paise - debit.settled_paise, []
    for credit_id, paise in settled:
        credit = found[credit_id]
        if part := min(paise, credit.total_paise - credit.settled_paise, rest):
            used.append((credit, part))
            rest -= part
    if used:
        _settle_with(debit, used)
