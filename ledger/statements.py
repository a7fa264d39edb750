"""The ledger of one party as both sides read it: balances on a day, and pages of entries with a running balance.

Nothing here adds up history: a balance on a day is month totals before its month plus day totals within it, so
any period and any page costs the same with a hundred entries or a million. All amounts are paise; a balance is
debit - credit (positive: receivable).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.india import fy_end, fy_start, today
from accounts.models import Party
from ledger.models import DayTotal, Entry, InvoiceLine, MonthTotal, OpenItem, PartyBalance

NET = Coalesce(Sum(F("debit_paise") - F("credit_paise")), 0)
PAGE_SIZE = 25
BEGINNING = dt.date(2000, 1, 1)  # before the first entry anybody can have


def balance(party: Party) -> int:
    """The balance of all entries, whatever their date."""
    row = PartyBalance.objects.filter(business_id=party.business_id, party=party).first()
    return row.paise if row else 0


def balances_before(party: Party, *days: dt.date) -> list[int]:
    """The balance at the start of each day (before its entries): one query for any number of days."""
    asked = sorted(set(days))
    columns = {f"d{i}": _months_before(day) + _days_before(day) for i, day in enumerate(asked)}
    found = Party.objects.filter(business_id=party.business_id, pk=party.pk).annotate(**columns)
    sums = dict(zip(asked, found.values_list(*columns).get(), strict=True))
    return [sums[day] for day in days]


def _months_before(day: dt.date) -> Coalesce:
    """Of all months that end before the day."""
    return _net_of(MonthTotal.objects.filter(starts_on__lt=day.replace(day=1)))


def _days_before(day: dt.date) -> Coalesce:
    """Of the days before it in its own month."""
    return _net_of(DayTotal.objects.filter(starts_on__gte=day.replace(day=1), starts_on__lt=day))


def _net_of(totals: QuerySet[Any]) -> Coalesce:
    own = totals.filter(business_id=OuterRef("business_id"), party_id=OuterRef("pk")).order_by()
    net = Sum(F("debit_paise") - F("credit_paise"))
    return Coalesce(Subquery(own.values("party_id").annotate(net=net).values("net")), 0, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: dt.date
    end: dt.date

    @property
    def day_after(self) -> dt.date:
        return self.end + dt.timedelta(days=1)


def this_financial_year() -> Period:
    return Period(fy_start(today()), today())


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the balance after it."""

    entry: Entry
    balance_paise: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a period, oldest first. `before_paise` is the balance before its first row."""

    period: Period
    opening_paise: int
    closing_paise: int
    before_paise: int
    rows: list[Row]
    is_first: bool
    next_cursor: str


def cursor_of(entry: Entry) -> str:
    return f"{entry.dated_on:%Y%m%d}-{entry.pk}"


def read_cursor(text: str) -> tuple[dt.date, int] | None:
    """(date, entry id) of a cursor; None for anything that is not one."""
    day, _, pk = text.partition("-")
    try:
        return dt.date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}"), int(pk)
    except ValueError:
        return None


def page(party: Party, period: Period, after: str = "", size: int = PAGE_SIZE, *, with_charges: bool = False) -> Page:
    """A page of the ledger by keyset: two queries for any period and length of history, three beyond the first page.

    `with_charges`: entries carry `charges_paise`, the taxed freight, packing and the like on their bill (None: none).
    """
    cursor = read_cursor(after)
    if cursor and not period.start <= cursor[0] <= period.end:
        cursor = None  # of another period: its rows would not follow on
    first_day, first_pk = cursor or (period.start, 0)
    # One lower bound, which the index can begin at: an OR alone would read the period from its start.
    entries = (
        Entry.objects.filter(
            business_id=party.business_id, party=party, dated_on__gte=first_day, dated_on__lte=period.end
        )
        .select_related("invoice__open_item", "payment__open_item", "adjustment__open_item")
        .order_by("dated_on", "id")
    )
    if with_charges:
        entries = entries.annotate(charges_paise=_charges())
    opening, closing, day_start = balances_before(party, period.start, period.day_after, first_day)
    running = before = opening
    if cursor:
        same_day = Entry.objects.filter(
            business_id=party.business_id, party=party, dated_on=first_day, pk__lte=first_pk
        )
        running = before = day_start + same_day.aggregate(net=NET)["net"]
        entries = entries.filter(Q(dated_on__gt=first_day) | Q(dated_on=first_day, pk__gt=first_pk))
    found = list(entries[: size + 1])
    rows = []
    for entry in found[:size]:
        running += entry.debit_paise - entry.credit_paise
        rows.append(Row(entry, running))
    more = len(found) > size
    return Page(
        period=period,
        opening_paise=opening,
        closing_paise=closing,
        before_paise=before,
        rows=rows,
        is_first=cursor is None,
        next_cursor=cursor_of(found[size - 1]) if more else "",
    )


def _charges() -> Subquery:
    lines = InvoiceLine.objects.filter(invoice_id=OuterRef("invoice_id"), is_charge=True, in_taxable_value=True)
    return Subquery(lines.order_by().values("invoice_id").values(sum=Sum("taxable_paise")))


def earlier(party: Party, period: Period, after: str, size: int = PAGE_SIZE) -> str:
    """The cursor of the page before the one that begins after `after`; "" when that is the first: one query."""
    cursor = read_cursor(after)
    if cursor is None:
        return ""
    before = Entry.objects.filter(
        business_id=party.business_id, party=party, dated_on__gte=period.start, dated_on__lte=cursor[0]
    ).exclude(dated_on=cursor[0], pk__gt=cursor[1])
    found = list(before.order_by("-dated_on", "-id")[: size + 1])
    return cursor_of(found[size]) if len(found) > size else ""


@dataclass(frozen=True, slots=True)
class Month:
    """What a month adds (`debit_paise`) and takes away, and the balance at its end."""

    period: Period
    debit_paise: int
    credit_paise: int
    closing_paise: int


def months(party: Party, year: dt.date) -> tuple[list[Month], int, bool]:
    """The months of the financial year that begins on `year` in which anything was entered, oldest first; the balance
    at its start; whether there is anything before it. Two queries."""
    found = MonthTotal.objects.filter(business_id=party.business_id, party=party)
    before = found.filter(starts_on__lt=year).aggregate(net=NET, n=Count("pk"))
    running, rows = before["net"], []
    for month in found.filter(starts_on__gte=year, starts_on__lte=fy_end(year)).order_by("starts_on"):
        running += month.debit_paise - month.credit_paise
        end = (month.starts_on + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        rows.append(Month(Period(month.starts_on, end), month.debit_paise, month.credit_paise, running))
    return rows, before["net"], bool(before["n"])


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is open, by when it is due. `advance_paise` is money not yet used for a bill, `bills` how many are open."""

    overdue_paise: int
    due_soon_paise: int
    later_paise: int
    advance_paise: int
    bills: int

    @property
    def due_paise(self) -> int:
        return self.overdue_paise + self.due_soon_paise + self.later_paise


def outstanding(party: Party) -> Outstanding:
    """Overdue, due within seven days, later, and advance: one query over what is still open."""
    day = today()
    soon = day + dt.timedelta(days=7)
    debit, credit = Q(side=OpenItem.Side.DEBIT), Q(side=OpenItem.Side.CREDIT)

    def total(condition: Q) -> Coalesce:
        return Coalesce(Sum("open_paise", filter=condition), 0)

    sums = OpenItem.objects.filter(business_id=party.business_id, party=party, open_paise__gt=0).aggregate(
        overdue=total(debit & Q(due_on__lt=day)),
        soon=total(debit & Q(due_on__gte=day, due_on__lte=soon)),
        later=total(debit & Q(due_on__gt=soon)),
        advance=total(credit),
        bills=Count("pk", filter=debit),
    )
    return Outstanding(sums["overdue"], sums["soon"], sums["later"], sums["advance"], sums["bills"])
