"""Money beyond what is due: when a shop is asked once more before it is recorded.

Shops take advances daily, so the question is kept for what looks like a slip of the finger: an advance larger than
all that is due, than anything this party was billed or paid of late (a new party is measured by the shop's own
payments), and than a small sum. Paying back more than the party has with the shop is always asked about.
"""

from django.utils.translation import gettext as _

from accounts.models import Business, Party
from accounts.money import rupees
from ledger import statements
from ledger.models import OpenItem, Payment

OF_LATE = 50
NEVER_ASKED = 1_000_00
FIRST_ADVANCE = 10_000_00  # nothing to measure by: neither bill nor payment, of the party or in the shop


def question(business: Business, party: Party, direction: str, amount: int, due: int, settled: int) -> str:
    """What to ask before `amount` is recorded, "" when it is nothing out of the ordinary.

    `due` is what is open, `settled` what of the amount closes bills. No query unless more comes in than is due.
    """
    if direction == Payment.Direction.PAID:
        return _of_refund(party, amount)
    advance = amount - settled
    if advance <= due or advance <= usual(business, party):
        return ""
    sums = {"amount": rupees(amount), "advance": rupees(advance), "due": rupees(due)}
    if not due:
        return _("Nothing is due: all of %(amount)s would stay with you as an advance. Record it?") % sums
    return _("%(amount)s is more than the %(due)s that is due: %(advance)s would stay as an advance. Record it?") % sums


def usual(business: Business, party: Party) -> int:
    """The largest bill or payment of the party of late; of a new party, the shop's largest payment of late."""
    found = max(_newest(business, party, OpenItem.Side.DEBIT), _newest(business, party, OpenItem.Side.CREDIT))
    if not found:
        payments = business.payments.filter(status=Payment.Status.RECORDED).order_by("-paid_on", "-pk")
        found = max(payments.values_list("amount_paise", flat=True)[:OF_LATE], default=0)
    return max(found or FIRST_ADVANCE, NEVER_ASKED)


def _newest(business: Business, party: Party, side: OpenItem.Side) -> int:
    items = OpenItem.objects.filter(business=business, party=party, side=side).order_by("-pk")
    return max(items.values_list("total_paise", flat=True)[:OF_LATE], default=0)


def _of_refund(party: Party, amount: int) -> str:
    held = statements.outstanding(party).advance_paise
    if amount <= held:
        return ""
    sums = {"held": rupees(held), "rest": rupees(amount - held)}
    return _("They have %(held)s with you: %(rest)s would be due from them. Record it?") % sums
