"""Adjustments: opening balances, write-offs, tax deducted at source, corrections with a reason."""

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
from ledger.posting.book import PostingRefused, check_day, lock_party, post, reverse, series_of, set_number
from ledger.posting.settling import allocate, release, settle_oldest_first, use_credits


@transaction.atomic
def record_adjustment(
    business: Business,
    party: Party,
    *,
    kind: str,
    side: str,
    amount_paise: int,
    dated_on: dt.date,
    by: User | None,
    reason: str = "",
    shares: Sequence[tuple[int, int]] | None = (),
) -> Adjustment:
    """Change what a party owes without goods or money. Raises PostingRefused.

    A credit settles `shares`, (open item id, paise); None settles oldest first, none leaves it an advance. A debit
    uses no credit by itself. A party has one opening balance; tax deducted from a payment comes with the payment.
    """
    if amount_paise <= 0:
        raise PostingRefused(_("The amount must be more than zero."))
    if kind not in (Adjustment.Kind.OPENING, Adjustment.Kind.TDS) and not reason.strip():
        raise PostingRefused(_("Write why: both sides read it in the ledger."))
    if kind == Adjustment.Kind.TDS and side != Adjustment.Side.CREDIT:
        raise PostingRefused(_("Tax deducted at source lowers what a party owes."))
    party = lock_party(business.pk, party.pk)
    if kind == Adjustment.Kind.OPENING:
        _refuse_second_opening(party)
    adjustment = Adjustment(
        business=party.business,
        party=party,
        kind=kind,
        side=side,
        amount_paise=amount_paise,
        dated_on=dated_on,
        reason=reason,
        created_by=by,
    )
    return _record(adjustment, shares, by)


def _refuse_second_opening(party: Party) -> None:
    first = Adjustment.objects.filter(
        business_id=party.business_id,
        party=party,
        kind=Adjustment.Kind.OPENING,
        status=Adjustment.Status.RECORDED,
    ).first()
    if first:
        raise PostingRefused(
            _("%(party)s has an opening balance already, of %(date)s. Cancel it first.")
            % {"party": party.name, "date": show_date(first.dated_on)}
        )


def deduct(payment: Payment, paise: int, shares: Sequence[tuple[int, int]] | None, by: User | None) -> Adjustment:
    """The tax that a party kept back from a payment, on the payment's date; the party is locked by the caller."""
    adjustment = Adjustment(
        business=payment.business,
        party=payment.party,
        kind=Adjustment.Kind.TDS,
        side=Adjustment.Side.CREDIT,
        amount_paise=paise,
        dated_on=payment.paid_on,
        payment=payment,
        created_by=by,
    )
    return _record(adjustment, shares, by)


def _record(adjustment: Adjustment, shares: Sequence[tuple[int, int]] | None, by: User | None) -> Adjustment:
    business = adjustment.business
    check_day(business, adjustment.dated_on)
    set_number(adjustment, *numbering.take(business, series_of(adjustment), adjustment.dated_on))
    adjustment.save()
    item = post(adjustment, by)
    if item.side == OpenItem.Side.DEBIT:
        if shares is None:
            use_credits(item)
    elif shares is None:
        settle_oldest_first(item, adjustment.party)
    else:
        allocate(item, shares)
    item.refresh_from_db()
    activity.record(business, by, "recorded", ("adjustment", str(adjustment.pk)), number=adjustment.number)
    return adjustment


@transaction.atomic
def cancel_adjustment(adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    """Cancel an adjustment: its entry is reversed, what it settled is due again. Cancelling twice changes nothing."""
    lock_party(adjustment.business_id, adjustment.party_id)
    adjustment = (
        Adjustment.objects.select_for_update(of=("self",)).select_related("business", "party").get(pk=adjustment.pk)
    )
    if adjustment.status == Adjustment.Status.CANCELLED:
        return adjustment
    reverse(adjustment, by)
    release(OpenItem.objects.select_for_update().get(adjustment=adjustment))
    adjustment.status = Adjustment.Status.CANCELLED
    adjustment.cancelled_at, adjustment.cancel_reason = timezone.now(), reason
    adjustment.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    activity.record(adjustment.business, by, "cancelled", ("adjustment", str(adjustment.pk)), reason=reason)
    return adjustment
