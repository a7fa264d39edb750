"""“I have paid”: what a customer says they paid, and how the shop answers it. Amounts are paise.

A claim is no money in the book. Every function that changes one: atomic, lock the party, then the claim, re-read, check,
write; so of two answers at once one counts, and whoever comes second is told what stands.
"""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace, Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, changes, images, notices
from accounts.india import show_date, today
from accounts.models import Notice, Party, User
from accounts.money import ascii_digits, rupees
from ledger import posting
from ledger.models import Invoice, OpenItem, Payment, PaymentClaim
from ledger.posting.book import lock_party

Status = PaymentClaim.Status
LIVE = (Status.PENDING, Status.ACCEPTED)
# A bank's number is that of one transfer; a cheque's is one of a book of cheques, which many people have.
BY_BANK = (Payment.Mode.UPI, Payment.Mode.BANK)
OLDEST_DAYS = 366
LOOKED_THROUGH_DAYS = 3 * 366
MOST_REFERENCE = 27


class ClaimRefused(Exception):
    """A claim cannot be made or answered like this; the message is for people.

    `known` is what stands in the way, a claim or payment of the same party; None when it is not theirs to see.
    """

    def __init__(self, words: str, known: PaymentClaim | Payment | None = None) -> None:
        super().__init__(words)
        self.known = known


def normalised(text: str) -> str:
    """A reference as it is kept and compared: capitals without spaces, digits of every script as 0-9."""
    return "".join(ascii_digits(text).split()).upper()


def kept(party: Party, mode: str, reference: str, paid_on: dt.date, amount_paise: int) -> str:
    """The reference as the row keeps it, which stands once in a business (PaymentClaim.shown_reference undoes it).

    What no bank has numbered is told apart by its party; cash without a receipt also by its day and amount.
    """
    if mode in BY_BANK:
        return reference
    return f"{reference}@{party.public_id}" + ("" if reference else f"-{paid_on:%Y%m%d}-{amount_paise}")


# --- by the customer ----------------------------------------------------------------------------------------


@transaction.atomic
def make(
    party: Party,
    by: User,
    *,
    amount_paise: int,
    mode: str,
    reference: str,
    paid_on: dt.date,
    note: str = "",
    picture: images.Encoded | None = None,
    invoice: Invoice | None = None,
) -> PaymentClaim:
    """Tell the shop of a payment. `reference` is `normalised`. Raises ClaimRefused when it is known already."""
    party = lock_party(party.business_id, party.pk)
    as_kept = kept(party, mode, reference, paid_on, amount_paise)
    _refuse_known(party, mode, reference, as_kept)
    claim = PaymentClaim(
        business=party.business,
        party=party,
        invoice=invoice,
        amount_paise=amount_paise,
        mode=mode,
        reference=as_kept,
        paid_on=paid_on,
        note=note,
        screenshot=images.keep(party.business, picture) if picture else None,
        claimed_by=by,
    )
    try:
        with transaction.atomic():
            claim.save()
    except IntegrityError as error:  # another party has said it in this very moment
        raise ClaimRefused(_not_usable()) from error
    changes.note(claim.business_id, claim.party_id, changes.Kind.CLAIM, claim.public_id)
    activity.record(party.business, by, "claimed", ("claim", str(claim.pk)), paise=amount_paise)
    notices.tell(party, Notice.Kind.CLAIM, claim.pk, ref=claim.public_id, paise=amount_paise)
    return claim


def _refuse_known(party: Party, mode: str, reference: str, as_kept: str) -> None:
    scope = {"business_id": party.business_id}
    claim = PaymentClaim.objects.filter(reference=as_kept, status__in=LIVE, **scope).select_related("payment").first()
    if claim:
        raise ClaimRefused(_of_claim(claim), claim) if claim.party_id == party.pk else ClaimRefused(_not_usable())
    payments = with_reference(reference, party.business_id) if reference else Payment.objects.none()
    own = payments.filter(party=party).first()
    if own:
        raise ClaimRefused(
            _("The shop has this already: payment %(number)s of %(date)s, %(amount)s.")
            % {"number": own.number, "date": show_date(own.paid_on), "amount": rupees(own.amount_paise)},
            own,
        )
    if mode in BY_BANK and payments.filter(mode__in=BY_BANK).exists():
        raise ClaimRefused(_not_usable())


def with_reference(reference: str, business_id: int) -> QuerySet[Payment]:
    """Money received of late that the shop has entered under a `normalised` reference, however it was typed."""
    since = today() - dt.timedelta(days=LOOKED_THROUGH_DAYS)
    received = Payment.objects.filter(
        business_id=business_id,
        paid_on__gte=since,
        status=Payment.Status.RECORDED,
        direction=Payment.Direction.RECEIVED,
    )
    return received.alias(bare=Upper(Replace("reference", Value(" ")))).filter(bare=reference).order_by("pk")


def _of_claim(claim: PaymentClaim) -> str:
    facts = {"date": show_date(claim.paid_on), "amount": rupees(claim.amount_paise)}
    if claim.payment is None:
        return _("You have told the shop of this already: %(amount)s of %(date)s. It waits for the shop.") % facts
    facts["number"] = claim.payment.number
    if claim.payment.status == Payment.Status.CANCELLED:
        return (
            _(
                "This was payment %(number)s (%(amount)s of %(date)s), which the shop has cancelled. Please ask the shop."
            )
            % facts
        )
    return _("The shop has accepted this already: payment %(number)s, %(amount)s of %(date)s.") % facts


def _not_usable() -> str:
    """Said of a reference that somebody else has, and so without a word about whom."""
    return _("This reference cannot be used here. Compare it with the message of your bank, or ask the shop.")


@transaction.atomic
def take_back(claim: PaymentClaim, by: User) -> PaymentClaim:
    """The customer's own change of mind while the shop has not answered; twice is as good as once."""
    claim = _locked(claim)
    if claim.status == Status.WITHDRAWN:
        return claim
    _refuse_answered(claim)
    return _answer(claim, by, Status.WITHDRAWN, "claim_withdrawn")


# --- by the shop --------------------------------------------------------------------------------------------


@transaction.atomic
def accept(
    claim: PaymentClaim, by: User, *, amount_paise: int | None = None, paid_on: dt.date | None = None
) -> PaymentClaim:
    """The money has come: make it a payment, of another amount or day if what came differs.

    It settles the invoice it was written for, then the oldest bills. A payment that the shop has entered under the
    same reference meanwhile is linked, and nothing is recorded again. Accepting twice changes nothing.
    Raises ClaimRefused when it was declined or taken back, PostingRefused when the book does not allow it.
    """
    claim = _locked(claim)
    if claim.status == Status.ACCEPTED:
        return claim
    _refuse_answered(claim)
    claim.payment = twin(claim) or _record(claim, by, amount_paise or claim.amount_paise, paid_on or day_of(claim))
    return _answer(claim, by, Status.ACCEPTED, "claim_accepted")


def twin(claim: PaymentClaim) -> Payment | None:
    """The payment of this party that has the claim's reference already and belongs to no other claim."""
    if not claim.shown_reference:
        return None
    found = with_reference(claim.shown_reference, claim.business_id).filter(party_id=claim.party_id, claim=None)
    return found.first()


def day_of(claim: PaymentClaim) -> dt.date:
    """The day the payment gets: the customer's, or today when the books are closed there."""
    closed_on = claim.business.books_closed_on
    return today() if closed_on and claim.paid_on <= closed_on else claim.paid_on


def _record(claim: PaymentClaim, by: User, amount_paise: int, paid_on: dt.date) -> Payment:
    shares = settles(claim, posting.open_debits(claim.party), amount_paise) if claim.invoice_id else None
    return posting.record_payment(
        claim.business,
        claim.party,
        amount_paise=amount_paise,
        mode=claim.mode,
        paid_on=paid_on,
        by=by,
        reference=claim.shown_reference,
        note=claim.note,
        shares=None if shares is None else [(share.debit.pk, share.amount_paise) for share in shares],
    )


def settles(claim: PaymentClaim, debits: list[OpenItem], amount_paise: int) -> list[posting.Share]:
    """What an amount would close of the party's open items (oldest first): the claim's own invoice before them."""
    ordered = sorted(debits, key=lambda item: item.invoice_id != claim.invoice_id) if claim.invoice_id else debits
    return posting.oldest_first(ordered, amount_paise)


@transaction.atomic
def decline(claim: PaymentClaim, by: User, why: str) -> PaymentClaim:
    """The money has not come: say why, to the customer. Declining twice changes nothing. Raises ClaimRefused."""
    claim = _locked(claim)
    if claim.status == Status.DECLINED:
        return claim
    _refuse_answered(claim)
    claim.answer = why
    return _answer(claim, by, Status.DECLINED, "claim_declined")


# --- shared -------------------------------------------------------------------------------------------------


def _locked(claim: PaymentClaim) -> PaymentClaim:
    party = lock_party(claim.business_id, claim.party_id)
    locked = PaymentClaim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
    locked.party, locked.business = party, party.business
    return locked


def _refuse_answered(claim: PaymentClaim) -> None:
    if claim.status == Status.ACCEPTED:
        raise ClaimRefused(_("This payment is accepted already."))
    if claim.status == Status.DECLINED:
        raise ClaimRefused(_("This payment was declined already."))
    if claim.status == Status.WITHDRAWN:
        raise ClaimRefused(_("The customer has taken this back."))


def _answer(claim: PaymentClaim, by: User, status: str, verb: str) -> PaymentClaim:
    claim.status, claim.answered_by, claim.answered_at = status, by, timezone.now()
    claim.save(update_fields=["status", "answer", "payment", "answered_by", "answered_at"])
    changes.note(claim.business_id, claim.party_id, changes.Kind.CLAIM, claim.public_id)
    activity.record(claim.business, by, verb, ("claim", str(claim.pk)))
    return claim


def of_party(party: Party) -> QuerySet[PaymentClaim]:
    """All claims of a party, newest first, each with its payment and invoice."""
    found = PaymentClaim.objects.filter(business_id=party.business_id, party=party)
    return found.select_related("payment", "invoice").order_by("-pk")


def current(party: Party, days: int) -> QuerySet[PaymentClaim]:
    """Those of a party that wait, and those the shop has answered in the last `days`."""
    since = timezone.now() - dt.timedelta(days=days)
    answered = Q(status__in=(Status.ACCEPTED, Status.DECLINED), answered_at__gte=since)
    return of_party(party).filter(Q(status=Status.PENDING) | answered)


def condition(claim: PaymentClaim) -> tuple[str, str]:
    """(class of its badge, its word): accepted ones say when their payment was cancelled since."""
    if claim.payment and claim.payment.status == Payment.Status.CANCELLED:
        return "bad", _("Accepted, later cancelled")
    return {
        Status.PENDING: ("pending", _("Waiting for the shop")),
        Status.ACCEPTED: ("accepted", _("Accepted")),
        Status.DECLINED: ("declined", _("Declined")),
        Status.WITHDRAWN: ("", _("Taken back")),
    }[Status(claim.status)]
