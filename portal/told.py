"""What a customer has told the shop of payments (“I have paid”), as the portal's pages show it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.money import rupees
from ledger import claims
from ledger.models import PaymentClaim

ANSWERED_DAYS = 10  # an answer of the shop stands on the dashboard for so long
READ = 50
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One claim in a list; `answer` is what the shop said."""

    href: str
    amount: str
    note: str
    badge: str
    status: str
    answer: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Claims for one page, `more` of them elsewhere, and what is owed if all that wait are accepted ("": none waits)."""

    rows: list[Row]
    more: int
    if_accepted: str


def lately(party: Party, owed_paise: int) -> Told:
    """What waits, then what the shop has answered lately: one query. `owed_paise` is the balance."""
    found = sorted(claims.current(party, ANSWERED_DAYS)[:READ], key=lambda claim: not _waits(claim))
    return _told(party, owed_paise, found)


def waiting(party: Party, owed_paise: int, **narrowed: object) -> Told:
    """What waits for the shop alone: one query."""
    found = claims.of_party(party).filter(status=PaymentClaim.Status.PENDING, **narrowed)
    return _told(party, owed_paise, list(found[:READ]))


def newest(party: Party) -> Told:
    """The last that were told, whatever became of them: one query."""
    return Told([row(party, claim) for claim in claims.of_party(party)[:READ]], 0, "")


def _told(party: Party, owed_paise: int, found: list[PaymentClaim]) -> Told:
    pending = sum(claim.amount_paise for claim in found if _waits(claim))
    shown = [row(party, claim) for claim in found[:SHOWN]]
    return Told(shown, len(found) - len(shown), _if_accepted(owed_paise - pending) if pending else "")


def _waits(claim: PaymentClaim) -> bool:
    return claim.status == PaymentClaim.Status.PENDING


def _if_accepted(owed_paise: int) -> str:
    if owed_paise > 0:
        return _("Not in your balance yet. Once accepted, you owe %(rest)s.") % {"rest": rupees(owed_paise)}
    return _("Not in your balance yet. Once accepted, nothing is due.")


def row(party: Party, claim: PaymentClaim) -> Row:
    badge, status = claims.condition(claim)
    return Row(
        href=reverse("portal:claim", kwargs={"party": party.public_id, "claim": claim.public_id}),
        amount=rupees(claim.amount_paise),
        note=facts(claim),
        badge=badge,
        status=status,
        answer=answer(claim),
        is_waiting=_waits(claim),
    )


def facts(claim: PaymentClaim) -> str:
    day = date_format(claim.paid_on, "DATE_FORMAT")
    return " · ".join(filter(None, (day, claim.get_mode_display(), claim.shown_reference)))


def answer(claim: PaymentClaim) -> str:
    """What the shop made of it, and how that differs from what the customer wrote."""
    payment = claim.payment
    if payment is None:
        return claim.answer
    said = {
        "number": payment.number,
        "amount": rupees(payment.amount_paise),
        "date": date_format(payment.paid_on, "DATE_FORMAT"),
    }
    if payment.status == payment.Status.CANCELLED:
        return _("It was payment %(number)s, which the shop has cancelled since. Please ask the shop.") % said
    if payment.amount_paise != claim.amount_paise:
        said["told"] = rupees(claim.amount_paise)
        return _("Payment %(number)s: the shop entered %(amount)s of %(date)s; you wrote %(told)s.") % said
    return _("Payment %(number)s of %(date)s") % said
