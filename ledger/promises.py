"""Promise to pay: how much, by when; kept or broken is read from the book. Amounts are paise.

Every function that changes a promise: atomic, lock the party, re-read, check, write. A new promise replaces the one
that stands for the same invoice or balance; nothing is edited.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, changes
from accounts.india import india_date, show_date, today
from accounts.models import Business, Party, User
from accounts.money import rupees
from ledger.models import Allocation, Entry, Invoice, Promise, ShareLink
from ledger.posting.book import lock_party

Status = Promise.Status
BACKDATED_DAYS = 31  # money that the shop enters later under a day so long before the promise counts for it
SOON = dt.timedelta(days=6)  # today and the week after it
MOST_A_DAY = 10  # promises of a party's people, and through each link


class PromiseRefused(Exception):
    """This cannot be promised; the message is for people. `field` is the form's field it belongs to, if any."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


class FormReused(Exception):
    """The form behind a link was sent before with other contents; nothing was changed."""


# --- what reminders ask -------------------------------------------------------------------------------------


def live_on(day: dt.date) -> Q:
    """Promises that still hold on a day: until its end nobody reminds. Replaced and withdrawn ones do not."""
    return Q(status=Status.MADE, promised_on__gte=day)


def covering(day: dt.date, invoice: str = "pk") -> Exists:
    """A condition on invoices: one of them, or the balance it was part of, has a live promise on `day`.

    `invoice` leads from the row to the invoice ("invoice_id"... with its own columns party_id and issued_at reached
    as "invoice__..."); "pk" for a queryset of invoices. A promise of the balance covers what was issued before it.
    """
    prefix = "" if invoice == "pk" else f"{invoice.removesuffix('_id')}__"
    own = Q(invoice_id=OuterRef(invoice))
    whole = Q(
        invoice__isnull=True,
        party_id=OuterRef(f"{prefix}party_id"),
        made_at__gte=OuterRef(f"{prefix}issued_at"),
    )
    scope = Promise.objects.filter(live_on(day), business_id=OuterRef(f"{prefix}business_id"))
    return Exists(scope.filter(own | whole))


def promised_until(invoice: Invoice) -> dt.date | None:
    """The last day on which an invoice has a live promise, its own or its party's; None when there is none."""
    found = Promise.objects.filter(live_on(today()), business_id=invoice.business_id, party_id=invoice.party_id)
    found = found.filter(Q(invoice=invoice) | Q(invoice__isnull=True, made_at__gte=invoice.issued_at))
    return found.order_by("-promised_on").values_list("promised_on", flat=True).first()


# --- making and ending --------------------------------------------------------------------------------------


def last_day(business: Business) -> dt.date:
    """The last day that may be promised."""
    return today() + dt.timedelta(days=business.promise_days)


def due_of(party: Party, invoice: Invoice | None) -> int:
    """What may be promised at most: what is due on the invoice, or the balance."""
    if invoice:
        return invoice.due_paise if invoice.kind == Invoice.Kind.INVOICE else 0
    row = getattr(party, "balance", None)
    return max(0, row.paise) if row else 0


@transaction.atomic
def make(
    party: Party,
    by: User | None,
    *,
    amount_paise: int,
    promised_on: dt.date,
    invoice: Invoice | None = None,
    note: str = "",
    link: ShareLink | None = None,
    form_key: str = "",
) -> Promise:
    """Promise so much by a day, for an invoice or the balance, in place of what stands for it.

    Through a link (`by` None) the form's key acts once: the same again returns the first promise.
    Raises PromiseRefused, and FormReused for another promise under the key of an earlier one.
    """
    party = lock_party(party.business_id, party.pk)
    if link and (first := _sent_before(link, form_key, amount_paise, promised_on, note)):
        return first
    if invoice:
        invoice = Invoice.objects.select_related("open_item").get(business_id=party.business_id, pk=invoice.pk)
    _check(party, invoice, amount_paise, promised_on)
    _check_often(party, link)
    standing = Promise.objects.filter(
        business_id=party.business_id, party=party, invoice=invoice, status=Status.MADE
    ).first()
    if standing:
        _end(standing, by, Status.REPLACED)
    promise = Promise.objects.create(
        business=party.business,
        party=party,
        invoice=invoice,
        amount_paise=amount_paise,
        promised_on=promised_on,
        settled_paise=invoice.open_item.settled_paise if invoice else 0,
        counts_from=today() - dt.timedelta(days=BACKDATED_DAYS),
        note=note,
        made_by=by,
        link=link,
        form_key=form_key,
    )
    changes.note(promise.business_id, promise.party_id, changes.Kind.PROMISE, promise.public_id)
    activity.record(party.business, by, "promised", ("promise", str(promise.pk)), paise=amount_paise)
    return promise


def _sent_before(link: ShareLink, key: str, amount_paise: int, promised_on: dt.date, note: str) -> Promise | None:
    first = Promise.objects.filter(business_id=link.business_id, link=link, form_key=key).first()
    if first and (first.amount_paise, first.promised_on, first.note) != (amount_paise, promised_on, note):
        raise FormReused
    return first


def _check(party: Party, invoice: Invoice | None, amount_paise: int, promised_on: dt.date) -> None:
    business = party.business
    if not business.promise_days:
        raise PromiseRefused(_("This shop takes no promises here. Please call it."))
    if invoice and (invoice.party_id != party.pk or invoice.kind != Invoice.Kind.INVOICE):
        raise PromiseRefused(_("Only an invoice can be promised."))
    due = due_of(party, invoice)
    if due <= 0:
        raise PromiseRefused(_("Nothing is due here any more."))
    if amount_paise <= 0:
        raise PromiseRefused(_("The amount must be more than zero."), "amount")
    if amount_paise > due:
        raise PromiseRefused(_("Only %(due)s is due. Promise at most that.") % {"due": rupees(due)}, "amount")
    if promised_on < today():
        raise PromiseRefused(_("This day has passed. Choose today or a later day."), "promised_on")
    if promised_on > last_day(business):
        words = _("The shop takes promises up to %(date)s. Choose an earlier day.")
        raise PromiseRefused(words % {"date": show_date(last_day(business))}, "promised_on")


def _check_often(party: Party, link: ShareLink | None) -> None:
    """Who holds a link is counted by itself: nobody can use up what the party's own people may promise."""
    since = timezone.now() - dt.timedelta(days=1)
    made = Promise.objects.filter(business_id=party.business_id, party=party, made_at__gte=since, link=link)
    if made.count() >= MOST_A_DAY:
        raise PromiseRefused(_("You have promised often today. Try again tomorrow, or call the shop."))


@transaction.atomic
def withdraw(promise: Promise, by: User) -> Promise:
    """Take it back, or (the shop) wait for it no longer: reminders go out again. Twice is as good as once.

    Raises PromiseRefused when another one has replaced it.
    """
    lock_party(promise.business_id, promise.party_id)
    locked = Promise.objects.select_related("business").get(business_id=promise.business_id, pk=promise.pk)
    if locked.status == Status.WITHDRAWN:
        return locked
    if locked.status == Status.REPLACED:
        raise PromiseRefused(_("Another promise stands in place of this one."))
    _end(locked, by, Status.WITHDRAWN)
    changes.note(locked.business_id, locked.party_id, changes.Kind.PROMISE, locked.public_id)
    activity.record(locked.business, by, "promise_withdrawn", ("promise", str(locked.pk)))
    return locked


def _end(promise: Promise, by: User | None, status: str) -> None:
    promise.status, promise.ended_by, promise.ended_at = status, by, timezone.now()
    promise.save(update_fields=["status", "ended_by", "ended_at"])


# --- what became of them ------------------------------------------------------------------------------------


def with_paid(found: QuerySet[Promise]) -> QuerySet[Any]:
    """Adds `paid_paise`: what has come for each promise by its day, as the book stands now.

    For an invoice: what settles it, dated up to the day, beyond what settled it before. For a balance: what the shop
    has entered since (money, tax deducted, credit notes), dated up to the day, and not cancelled.
    """
    for_invoice = (
        Allocation.objects.filter(
            debit__invoice_id=OuterRef("invoice_id"),
            business_id=OuterRef("business_id"),
            credit__dated_on__lte=OuterRef("promised_on"),
        )
        .order_by()
        .values("debit")
        .annotate(total=Sum("amount_paise"))
        .values("total")
    )
    for_balance = (
        Entry.objects.filter(
            business_id=OuterRef("business_id"),
            party_id=OuterRef("party_id"),
            dated_on__range=(OuterRef("counts_from"), OuterRef("promised_on")),
            posted_at__gte=OuterRef("made_at"),
            kind__in=(Entry.Kind.PAYMENT, Entry.Kind.TDS, Entry.Kind.CREDIT_NOTE),
            reversed_by=None,
        )
        .order_by()
        .values("party")
        .annotate(total=Sum("credit_paise"))
        .values("total")
    )
    return found.annotate(
        paid_paise=Case(
            When(invoice__isnull=False, then=Coalesce(Subquery(for_invoice), 0) - F("settled_paise")),
            default=Coalesce(Subquery(for_balance), 0),
            output_field=BigIntegerField(),
        )
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a promise: `state` is waiting, kept, broken, replaced or withdrawn; `rest_paise` has not come."""

    state: str
    paid_paise: int
    rest_paise: int


def standing(promise: Promise) -> Standing:
    """Of a promise read `with_paid`. One that was replaced or withdrawn after its day was broken all the same."""
    paid = min(max(0, cast(Any, promise).paid_paise), promise.amount_paise)
    rest = promise.amount_paise - paid
    if not rest:
        return Standing("kept", paid, 0)
    ended_on = india_date(promise.ended_at) if promise.ended_at else today()
    if ended_on > promise.promised_on:
        return Standing("broken", paid, rest)
    return Standing("waiting" if promise.status == Status.MADE else str(promise.status), paid, rest)


def read(promise: Promise) -> Standing:
    """The same for a promise at hand: one query."""
    scope = Promise.objects.filter(business_id=promise.business_id, pk=promise.pk)
    return standing(with_paid(scope).get())


def words(state: str) -> tuple[str, str]:
    """(class of its badge, its word) of a state."""
    return {
        "waiting": ("pending", _("Promised")),
        "kept": ("good", _("Kept")),
        "broken": ("bad", _("Not kept")),
        "replaced": ("", _("Promised anew")),
        "withdrawn": ("", _("Taken back")),
    }[state]


def of_party(party: Party) -> QuerySet[Promise]:
    """All promises of a party, newest first, each with its invoice and who made it."""
    found = Promise.objects.filter(business_id=party.business_id, party=party)
    return found.select_related("invoice", "made_by").order_by("-pk")


def state_of(promised_on: dt.date) -> str:
    """Of one that stands and has not come in full."""
    return "broken" if promised_on < today() else "waiting"


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands and has not come (paise): its day has passed, lies within a week, or later; and how many each."""

    late_paise: int
    week_paise: int
    later_paise: int
    late: int
    week: int
    later: int

    @property
    def any(self) -> bool:
        return bool(self.late or self.week or self.later)


def outstanding(business: Business) -> QuerySet[Any]:
    """What stands and has not come in full, with `rest_paise`."""
    standing = with_paid(Promise.objects.filter(business=business, status=Status.MADE))
    waiting = standing.filter(paid_paise__lt=F("amount_paise"))
    return waiting.annotate(rest_paise=F("amount_paise") - Greatest("paid_paise", 0))


def expected(business: Business) -> Expected:
    """One query."""
    soon = today() + SOON
    parts = {
        "late": Q(promised_on__lt=today()),
        "week": Q(promised_on__range=(today(), soon)),
        "later": Q(promised_on__gt=soon),
    }
    sums = outstanding(business).aggregate(
        **{f"{name}_paise": Sum("rest_paise", filter=part, default=0) for name, part in parts.items()},
        **{name: Count("pk", filter=part) for name, part in parts.items()},
    )
    return Expected(**sums)


def by_day(business: Business) -> list[tuple[dt.date, int, int]]:
    """(day, paise, promises) from today on: one query."""
    found = outstanding(business).filter(promised_on__gte=today()).order_by()
    days = found.values("promised_on").annotate(paise=Sum("rest_paise"), times=Count("pk")).order_by("promised_on")
    return [(day["promised_on"], day["paise"], day["times"]) for day in days]
