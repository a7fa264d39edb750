"""What the demo's customers say they have paid: one waits with a screenshot, one was accepted, one declined."""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from accounts.images import Encoded
from accounts.india import today
from accounts.models import Party, User
from ledger import claims, links
from ledger.demo import pictures
from ledger.models import Invoice, PaymentClaim
from ledger.statements import this_financial_year


def happen(party: Party, customer: User, owner: User, bills: Callable[[str], Invoice]) -> None:
    """`bills`: the party's bill with a reference. The accepted one is shared as a receipt, and the year as a statement."""
    overdue, part_paid = bills("PO-1164"), bills("PO-1179")

    def told(
        paise: int, days_ago: int, utr: str, invoice: Invoice | None, note: str = "", **more: Encoded
    ) -> PaymentClaim:
        day = today() - dt.timedelta(days=days_ago)
        claim = claims.make(
            party,
            customer,
            amount_paise=paise,
            mode="upi",
            reference=utr,
            paid_on=day,
            note=note,
            invoice=invoice,
            **more,
        )
        _back_date(claim, claimed_at=timezone.now() - dt.timedelta(days=days_ago))
        return claim

    declined = told(3_500_00, 6, "418823104477", None, "Sent from my brother's phone")
    claims.decline(declined, owner, "This UTR is not in our bank statement. Please look at it once more.")
    _back_date(declined, answered_at=timezone.now() - dt.timedelta(days=5))
    accepted = claims.accept(told(2_000_00, 4, "419902117735", part_paid), owner)
    _back_date(accepted, answered_at=timezone.now() - dt.timedelta(days=3))
    told(5_000_00, 0, "421355086612", overdue, picture=pictures.paid_screen("₹5,000.00", "421355086612"))
    assert accepted.payment is not None, "accepted claims are payments"
    links.for_receipt(accepted.payment, owner)
    links.for_statement(party, this_financial_year(), owner)


def _back_date(claim: PaymentClaim, **at: dt.datetime) -> None:
    PaymentClaim.objects.filter(pk=claim.pk).update(**at)
