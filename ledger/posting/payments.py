"""Payments: money received with what it settles, money paid back, and the tax a party kept back (TDS)."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity
from accounts.india import show_date
from accounts.models import Business, Party, User
from ledger import numbering
from ledger.models import Adjustment, OpenItem, Payment
from ledger.posting import adjustments
from ledger.posting.book import PostingRefused, check_day, lock_party, post, reverse, series_of, set_number
from ledger.posting.settling import allocate, release, settle_oldest_first, use_credits


@transaction.atomic
def record_payment(
    business: Business,
    party: Party,
    *,
    amount_paise: int,
    mode: str,
    paid_on: dt.date,
    by: User | None,
    direction: str = Payment.Direction.RECEIVED,
    reference: str = "",
    note: str = "",
    tds_paise: int = 0,
    shares: Sequence[tuple[int, int]] | None = None,
) -> Payment:
    """Record money received (or paid back) and settle documents with it.

    `tds_paise` is what the party kept back as tax deducted at source: an adjustment of its own that settles the same
    documents, after the money. `shares` are (open item id, paise) for both together; None settles oldest first, []
    leaves all of it an advance. A refund (direction paid) uses up the party's credits, oldest first.
    Raises PostingRefused.
    """
    if amount_paise <= 0:
        raise PostingRefused(_("The amount must be more than zero."))
    if tds_paise < 0 or (tds_paise and direction != Payment.Direction.RECEIVED):
        raise PostingRefused(_("Tax is deducted from money that you receive."))
    party = lock_party(business.pk, party.pk)
    check_day(party.business, paid_on)
    _refuse_twin(business, party, mode, reference)
    payment = Payment(
        business=business,
        party=party,
        direction=direction,
        paid_on=paid_on,
        mode=mode,
        amount_paise=amount_paise,
        reference=reference,
        note=note,
        created_by=by,
    )
    set_number(payment, *numbering.take(business, series_of(payment), paid_on))
    payment.save()
    item = post(payment, by)
    if direction == Payment.Direction.PAID:
        use_credits(item)
    elif shares is None:
        settle_oldest_first(item, party)
    else:
        allocate(item, first := _first(shares, amount_paise if tds_paise else sum(part for _id, part in shares)))
    if tds_paise:
        rest = None if shares is None else _without(shares, first)
        adjustments.deduct(payment, tds_paise, rest, by)
    item.refresh_from_db()
    activity.record(business, by, "recorded", ("payment", str(payment.pk)), number=payment.number)
    return payment


def _refuse_twin(business: Business, party: Party, mode: str, reference: str) -> None:
    if not reference:
        return
    twin = Payment.objects.filter(
        business=business, party=party, mode=mode, reference=reference, status=Payment.Status.RECORDED
    ).first()
    if twin:
        raise PostingRefused(
            _("This reference stands already on payment %(number)s of %(date)s.")
            % {"number": twin.number, "date": show_date(twin.paid_on)}
        )


def _first(shares: Sequence[tuple[int, int]], paise: int) -> list[tuple[int, int]]:
    """The shares up to an amount, the last of them cut where it is reached."""
    taken = []
    for item_id, part in shares:
        now = min(part, paise)
        taken.append((item_id, now))
        paise -= now
    return taken


def _without(shares: Sequence[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(item_id, part - now) for (item_id, part), (_id, now) in zip(shares, taken, strict=True) if part > now]


@transaction.atomic
def cancel_payment(payment: Payment, by: User, reason: str) -> Payment:
    """Cancel a payment entered by mistake (a bounced cheque): its entry is reversed, its bills are due again.

    The tax deducted from it goes with it. Cancelling twice changes nothing.
    """
    lock_party(payment.business_id, payment.party_id)
    payment = Payment.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=payment.pk)
    if payment.status == Payment.Status.CANCELLED:
        return payment
    for tds in payment.adjustments.filter(status=Adjustment.Status.RECORDED):
        adjustments.cancel_adjustment(tds, by, reason)
    reverse(payment, by)
    release(OpenItem.objects.select_for_update().get(payment=payment))
    payment.status, payment.cancelled_at, payment.cancel_reason = Payment.Status.CANCELLED, timezone.now(), reason
    payment.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    activity.record(payment.business, by, "cancelled", ("payment", str(payment.pk)), reason=reason)
    return payment
