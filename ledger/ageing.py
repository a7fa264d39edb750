"""How long money has been due: the buckets accountants ask for, by due date, and who owes how much in each.

Due today is not yet overdue. Overdue by 1 to 30 days, 31 to 60, 61 to 90, and more. All amounts are paise.
"""

import datetime as dt

from django.db.models import BigIntegerField, F, Q, QuerySet, Sum, Window
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Party
from ledger.models import OpenItem

# (name of the bucket, overdue by at least so many days), the longest overdue last; what is in none is not yet due.
BUCKETS = (("to_30", 1), ("to_60", 31), ("to_90", 61), ("beyond", 91))
NOT_DUE = "not_due"
NAMES = {
    NOT_DUE: _("Not yet due"),
    "to_30": _("0–30 days overdue"),
    "to_60": _("31–60 days overdue"),
    "to_90": _("61–90 days overdue"),
    "beyond": _("Over 90 days overdue"),
}


def bucket(due_on: dt.date, on: dt.date) -> str:
    """The bucket on the day `on` of what was due on `due_on`: 30 days late is to_30, 31 days late to_60."""
    days = (on - due_on).days
    return next((name for name, least in reversed(BUCKETS) if days >= least), NOT_DUE)


def _within(name: str, on: dt.date, prefix: str) -> Q:
    """What lies in a bucket; the same borders as `bucket`, as days of the calendar."""
    borders = [least for _name, least in BUCKETS]
    names = [name for name, _least in BUCKETS]
    if name == NOT_DUE:
        return Q(**{f"{prefix}due_on__gt": on - dt.timedelta(days=borders[0])})
    place = names.index(name)
    found = Q(**{f"{prefix}due_on__lte": on - dt.timedelta(days=borders[place])})
    if place + 1 < len(borders):
        found &= Q(**{f"{prefix}due_on__gt": on - dt.timedelta(days=borders[place + 1])})
    return found


def sums(on: dt.date, prefix: str = "", default: int | None = 0) -> dict[str, Sum]:
    """For annotate() or aggregate() over open items: every bucket, `advance` (negative) and `balance`, their sum."""
    rest = F(f"{prefix}open_paise")
    debit, credit = (Q(**{f"{prefix}side": side}) for side in (OpenItem.Side.DEBIT, OpenItem.Side.CREDIT))
    number = BigIntegerField()
    found = {
        name: Sum(rest, filter=debit & _within(name, on, prefix), default=default, output_field=number)
        for name in NAMES
    }
    found["advance"] = Sum(-rest, filter=credit, default=default, output_field=number)
    return found


def open_items(business: Business) -> QuerySet[OpenItem]:
    return OpenItem.objects.filter(business=business, open_paise__gt=0)


def totals(business: Business, on: dt.date) -> dict[str, int]:
    """What the whole business has open on the day `on`, by bucket, with `advance` (negative): one query."""
    return open_items(business).aggregate(**sums(on))


def of_party(party: Party, on: dt.date) -> QuerySet[OpenItem]:
    """What one party has open, bills first, the longest due first, with their documents.

    Each row carries the sums of all of them (`total_<bucket>`, `total_advance`, None for nothing), so that the first rows cost one query.
    """
    found = open_items(party.business).filter(party=party).select_related("invoice", "payment", "adjustment")
    totals = {f"total_{name}": Window(expression) for name, expression in sums(on, default=None).items()}
    return found.annotate(**totals).order_by("-side", "due_on", "pk")


def parties(business: Business, on: dt.date) -> QuerySet[Party]:
    """Parties with anything open, annotated with their buckets, `advance` and `phone`."""
    return (
        Party.objects.with_contact()
        .filter(
            business=business,
            open_items__business=business,
            open_items__open_paise__gt=0,
        )
        .annotate(**sums(on, "open_items__"))
    )
