"""What is promised and asked, as it stands now about a party or one document: all kinds of it in one query."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import asking
from accounts.india import TZ, today
from accounts.models import Business, Party
from accounts.money import rupees
from ledger import confirmations, promises
from ledger.models import Adjustment, Invoice, Payment, Promise, Query, QueryMessage

KEPT_DAYS = 7  # a promise that was kept, or broken, is shown for so long after its day
BROKEN_DAYS = 60
MOST_SHOWN = 100  # of a party; their own pages hold the rest
_COLUMNS = (
    "talk",
    "public_id",
    "status",
    "invoice_id",
    "payment_id",
    "adjustment_id",
    "line_position",
    "number",
    "invoice_public_id",
    "on",
    "paise",
    "rest",
    "word",
    "pk",
)
Document = Invoice | Payment | Adjustment


@dataclass(frozen=True, slots=True)
class Talk:
    """A promise, a query or the shop's request to confirm a balance: what of them stands.

    `on` is the day promised, or that of the balance; `rest` what of a promise has not come (paise).
    """

    talk: str
    public_id: str
    status: str
    invoice_id: int | None
    payment_id: int | None
    adjustment_id: int | None
    line_position: int | None
    number: str
    invoice_public_id: str
    on: dt.date | None
    paise: int
    rest: int
    word: str
    pk: int

    @property
    def is_promise(self) -> bool:
        return self.talk == "promise"


def of_party(party: Party) -> list[Talk]:
    """Of all documents of the party and of its balance, what waits first, MOST_SHOWN at most: one query."""
    scope = Q(business_id=party.business_id, party_id=party.pk)
    found = _queries(scope).union(_promises(scope), _requests(scope), all=True)
    # Open queries and requests, promises, then what was answered; the newest of each.
    return _sorted(found.order_by("-status", "-talk", "-pk")[:MOST_SHOWN])


def of_document(document: Document) -> list[Talk]:
    """Of one document; an invoice is also covered by a promise of the balance that was made after it: one query."""
    name = {Invoice: "invoice", Payment: "payment", Adjustment: "adjustment"}[type(document)]
    scope = Q(business_id=document.business_id, party_id=document.party_id)
    own = scope & Q(**{f"{name}_id": document.pk})
    if not isinstance(document, Invoice):
        return _sorted(_queries(own))
    whole = Q(invoice=None, made_at__gte=document.issued_at) if document.issued_at else Q(pk=None)
    covered = scope & (Q(invoice_id=document.pk) | whole)
    return _sorted(_queries(own).union(_promises(covered), all=True))


def _sorted(found: QuerySet[Any, Any]) -> list[Talk]:
    talks = [Talk(*row) for row in found]
    shown = [talk for talk in talks if not talk.is_promise or _is_shown(talk)]
    return sorted(shown, key=lambda talk: (talk.status != Query.Status.OPEN, not talk.is_promise, -talk.pk))


def _queries(scope: Q) -> QuerySet[Any, Any]:
    return (
        Query.objects.filter(scope, status__in=("open", "answered"))
        .order_by()
        .annotate(
            talk=Value("query", CharField()),
            number=Coalesce("invoice__number", "payment__number", "adjustment__number"),
            invoice_public_id=Value("", CharField()),
            on=Value(None, DateField()),
            paise=Value(0, IntegerField()),
            rest=Value(0, IntegerField()),
            word=F("about"),
        )
        .values_list(*_COLUMNS)
    )


def _promises(scope: Q) -> QuerySet[Any, Any]:
    since = today() - dt.timedelta(days=BROKEN_DAYS)
    made = Promise.objects.filter(scope, status=Promise.Status.MADE, promised_on__gte=since)
    return (
        promises.with_paid(made)
        .order_by()
        .annotate(
            talk=Value("promise", CharField()),
            payment_id=Value(None, IntegerField()),
            adjustment_id=Value(None, IntegerField()),
            line_position=Value(None, IntegerField()),
            number=Coalesce("invoice__number", Value("")),
            invoice_public_id=Coalesce("invoice__public_id", Value("")),
            on=F("promised_on"),
            paise=F("amount_paise"),
            rest=F("amount_paise") - F("paid_paise"),
            word=Value("", CharField()),
        )
        .values_list(*_COLUMNS)
    )


def _requests(scope: Q) -> QuerySet[Any, Any]:
    """Days whose balance the shop asks for and nobody has confirmed."""
    nothing = Value(None, IntegerField())
    return (
        confirmations.open_requests(scope)
        .order_by()
        .annotate(
            talk=Value("balance", CharField()),
            public_id=Value("", CharField()),
            status=Value("open", CharField()),
            invoice_id=nothing,
            payment_id=nothing,
            adjustment_id=nothing,
            line_position=nothing,
            number=Value("", CharField()),
            invoice_public_id=Value("", CharField()),
            on=F("as_on"),
            paise=Value(0, IntegerField()),
            rest=Value(0, IntegerField()),
            word=Value("", CharField()),
        )
        .values_list(*_COLUMNS)
    )


def _is_shown(talk: Talk) -> bool:
    """A kept promise is told for a few days more."""
    assert talk.on is not None, "a promise has its day"
    return talk.rest > 0 or talk.on >= today() - dt.timedelta(days=KEPT_DAYS)


# --- as rows ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: `badge` is the class of `state`."""

    href: str
    title: str
    note: str
    badge: str
    state: str


def rows(talks: Iterable[Talk], address: Callable[[Talk], str]) -> list[Row]:
    """`address` gives the page about a talk on the reader's side."""
    make = {"promise": _promise_row, "query": _query_row, "balance": _balance_row}
    return [make[talk.talk](talk, address) for talk in talks]


def _balance_row(talk: Talk, address: Callable[[Talk], str]) -> Row:
    assert talk.on is not None, "a balance has its day"
    day = date_format(talk.on, "DATE_FORMAT")
    title = _("Balance as on %(date)s") % {"date": day}
    return Row(address(talk), title, _("The shop asks for it"), *query_words(talk.status))


def _promise_row(talk: Talk, address: Callable[[Talk], str]) -> Row:
    assert talk.on is not None, "a promise has its day"
    day = date_format(talk.on, "DATE_FORMAT")
    badge, state = promise_words(talk.on, talk.rest)
    title = _("%(amount)s by %(date)s") % {"amount": rupees(talk.paise), "date": day}
    return Row(address(talk), title, talk.number or _("for the whole balance"), badge, state)


def promise_words(on: dt.date, rest_paise: int) -> tuple[str, str]:
    """(class of its badge, its word) of a promise that stands."""
    if rest_paise <= 0:
        return "good", _("Kept")
    return ("bad", _("Not kept")) if on < today() else ("pending", _("Promised"))


def _query_row(talk: Talk, address: Callable[[Talk], str]) -> Row:
    note = talk.number
    if talk.line_position:
        note = _("%(number)s, line %(line)s") % {"number": talk.number, "line": talk.line_position}
    badge, state = query_words(talk.status)
    return Row(address(talk), str(Query.About(talk.word).label), note, badge, state)


def query_words(status: str) -> tuple[str, str]:
    """(class of its badge, its word)."""
    return {
        "open": ("pending", _("Waits for an answer")),
        "answered": ("good", _("Answered")),
        "closed": ("", _("Closed")),
    }[status]


def asked_about(talks: Iterable[Talk]) -> dict[tuple[str, int], str]:
    """(column, id) of each document with a live query -> its public id: for the rows of a ledger."""
    return {
        (column, pk): talk.public_id
        for talk in talks
        if talk.talk == "query"
        for column in ("invoice", "payment", "adjustment")
        if (pk := getattr(talk, f"{column}_id"))
    }


# --- the whole business -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """What Home tells: queries, and wishes about data, that wait for the shop; promises of this week, and those that
    were not kept (paise)."""

    queries: int
    data: int
    week: int
    week_paise: int
    late: int
    late_paise: int


def waiting(business: Business) -> Waiting:
    """One query for all kinds."""
    asked = Query.objects.filter(business_id=business.pk, status=Query.Status.OPEN)
    soon = promises.outstanding(business).filter(promised_on__range=(today(), today() + promises.SOON))
    late = promises.outstanding(business).filter(promised_on__lt=today())

    def of(found: QuerySet[Any], expression: Any) -> Coalesce:
        counted = found.order_by().values("business").annotate(n=expression).values("n")
        return Coalesce(Subquery(counted), 0, output_field=BigIntegerField())

    row = Business.objects.filter(pk=business.pk).annotate(
        queries_open=of(asked, Count("pk")),
        data=of(asking.waiting(business), Count("pk")),
        week=of(soon, Count("pk")),
        week_paise=of(soon, Sum("rest_paise")),
        late=of(late, Count("pk")),
        late_paise=of(late, Sum("rest_paise")),
    )
    return Waiting(*row.values_list("queries_open", "data", "week", "week_paise", "late", "late_paise").get())


# --- one query, told to either side -------------------------------------------------------------------------


def document_words(document: Document) -> str:
    """A document by its kind and number, on both sides."""
    if isinstance(document, Payment):
        kind = _("Payment") if document.direction == Payment.Direction.RECEIVED else _("Refund")
        return f"{kind} {document.number}"
    return f"{document.get_kind_display()} {document.number}"


@dataclass(frozen=True, slots=True)
class Word:
    """One message of a query as a page shows it; `is_own`: the reader's side said it."""

    who: str
    when: str
    text: str
    picture: str
    is_own: bool
    closes: bool


def told(message: QueryMessage, *, reader_is_shop: bool, image: Callable[[QueryMessage], str]) -> Word:
    """A message read with who said it; a customer reads the shop's name, not that of its staff."""
    who = message.said_by.name
    if message.is_of_shop and not reader_is_shop:
        who = message.query.business.name
    return Word(
        who=who or (_("The shop") if message.is_of_shop else _("The customer")),
        when=date_format(timezone.localtime(message.said_at, TZ), "DATETIME_FORMAT"),
        text=message.text,
        picture=image(message) if message.image_id else "",
        is_own=message.is_of_shop == reader_is_shop,
        closes=message.closes,
    )
