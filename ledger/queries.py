"""“Something differs”: what a customer asks about a document or one line of it, and the answers of both sides.

Every function that changes a query: atomic, lock the party, re-read, check, write. What is said is never changed;
what the customer says opens a query (again), what the shop says answers it, and either side closes it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts import activity, changes, images, notices
from accounts.models import Notice, Party, User
from ledger import news
from ledger.models import Adjustment, Invoice, InvoiceLine, Payment, Query, QueryMessage
from ledger.posting.book import lock_party

Status = Query.Status
LIVE = (Status.OPEN, Status.ANSWERED)
MOST_LIVE = 30  # of one party
MOST_MESSAGES = 100  # in one query

Document = Invoice | Payment | Adjustment


class QueryRefused(Exception):
    """This cannot be asked or said; the message is for people. `known` is the query that stands in the way."""

    def __init__(self, words: str, known: Query | None = None) -> None:
        super().__init__(words)
        self.known = known


# --- what reminders ask -------------------------------------------------------------------------------------


def open_about(invoice: str = "pk") -> Exists:
    """A condition on invoices: somebody waits for the shop's answer about one of them, a line of it, or its row.

    `invoice` leads from the row to the invoice: "pk" for a queryset of invoices, else "invoice_id" and the like.
    """
    prefix = "" if invoice == "pk" else f"{invoice.removesuffix('_id')}__"
    waiting = Query.objects.filter(business_id=OuterRef(f"{prefix}business_id"), invoice_id=OuterRef(invoice))
    return Exists(waiting.filter(status=Status.OPEN))


def is_open_about(invoice: Invoice) -> bool:
    """The same for one invoice, to be asked again at the moment of sending."""
    return Query.objects.filter(business_id=invoice.business_id, invoice=invoice, status=Status.OPEN).exists()


# --- asking and answering -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What one side writes: text, and a picture if there is one."""

    text: str
    picture: images.Encoded | None = None


@transaction.atomic
def ask(party: Party, by: User, document: Document, about: str, said: Said, line: InvoiceLine | None = None) -> Query:
    """A new query of the customer. Raises QueryRefused, with the query when there is a live one about the same."""
    party = lock_party(party.business_id, party.pk)
    source: dict[str, Any] = {**source_of(document), "line_position": line.position if line else None}
    _check_subject(party, document, line)
    live = Query.objects.filter(business_id=party.business_id, party=party, status__in=LIVE)
    if same := live.filter(**source).first():
        raise QueryRefused(_("You have asked about this already. Write there what else differs."), same)
    if live.count() >= MOST_LIVE:
        raise QueryRefused(_("Many of your questions wait already. Let some of them be answered or close them first."))
    query = Query.objects.create(business=party.business, party=party, about=about, asked_by=by, **source)
    _say(query, by, said, is_of_shop=False)
    changes.note(query.business_id, query.party_id, changes.Kind.QUERY, query.public_id)
    activity.record(party.business, by, "query_asked", ("query", str(query.pk)))
    _tell_shop(query, str(query.pk))
    return query


def _tell_shop(query: Query, subject_id: str) -> None:
    number = query.document.number
    notices.tell(query.party, Notice.Kind.QUERY, subject_id, ref=query.public_id, number=number)


def source_of(document: Document) -> dict[str, Document]:
    """The column that names a document in a query."""
    if isinstance(document, Invoice):
        return {"invoice": document}
    return {"payment": document} if isinstance(document, Payment) else {"adjustment": document}


def _check_subject(party: Party, document: Document, line: InvoiceLine | None) -> None:
    is_draft = isinstance(document, Invoice) and document.status == Invoice.Status.DRAFT
    if document.party_id != party.pk or is_draft:
        raise QueryRefused(_("This is not in your ledger."))
    if line and not (isinstance(document, Invoice) and line.invoice_id == document.pk):
        raise QueryRefused(_("This line is not on the invoice."))


@transaction.atomic
def write(
    query: Query, by: User, said: Said, *, is_of_shop: bool, closes: bool = False, tells: bool = True
) -> QueryMessage:
    """One more word: the customer's opens the query (again), the shop's answers it; `closes` ends it with this word.

    `tells`: who asked hears of the shop's answer by message (ledger.news).
    Raises QueryRefused when too much was said in it already.
    """
    locked = _locked(query)
    if locked.messages.count() >= MOST_MESSAGES:
        raise QueryRefused(_("Much has been said here. Please call each other."))
    message = _say(locked, by, said, is_of_shop=is_of_shop, closes=closes)
    status = Status.CLOSED if closes else Status.ANSWERED if is_of_shop else Status.OPEN
    if status == Status.OPEN and locked.status != Status.OPEN:  # asked again
        _tell_shop(locked, f"{locked.pk}.{message.pk}")
    _set_status(locked, by, status, is_of_shop=is_of_shop)
    if is_of_shop and tells:
        news.answered(locked, by)
    return message


@transaction.atomic
def close(query: Query, by: User, *, is_of_shop: bool) -> Query:
    """It is settled, without another word. Twice is as good as once."""
    locked = _locked(query)
    if locked.status != Status.CLOSED:
        _say(locked, by, Said(""), is_of_shop=is_of_shop, closes=True)
        _set_status(locked, by, Status.CLOSED, is_of_shop=is_of_shop)
    return locked


def _locked(query: Query) -> Query:
    party = lock_party(query.business_id, query.party_id)
    locked = Query.objects.select_related("invoice", "payment", "adjustment").get(
        business_id=query.business_id, pk=query.pk
    )
    locked.party, locked.business = party, party.business
    return locked


def _say(query: Query, by: User, said: Said, *, is_of_shop: bool, closes: bool = False) -> QueryMessage:
    return QueryMessage.objects.create(
        business_id=query.business_id,
        party_id=query.party_id,
        query=query,
        is_of_shop=is_of_shop,
        closes=closes,
        text=said.text,
        image=images.keep(query.business, said.picture) if said.picture else None,
        said_by=by,
    )


VERBS = {Status.OPEN: "query_asked_again", Status.ANSWERED: "query_answered", Status.CLOSED: "query_closed"}


def _set_status(query: Query, by: User, status: Status, *, is_of_shop: bool) -> None:
    query.status = status
    query.save(update_fields=["status", "changed_at"])
    changes.note(query.business_id, query.party_id, changes.Kind.QUERY, query.public_id)
    activity.record(query.business, by, VERBS[status], ("query", str(query.pk)), of_shop=is_of_shop)


# --- reading ------------------------------------------------------------------------------------------------


def of_party(party: Party) -> QuerySet[Query]:
    """All queries of a party with what they are about, newest first."""
    found = Query.objects.filter(business_id=party.business_id, party=party)
    return found.select_related("invoice", "payment", "adjustment").order_by("-pk")


def thread(query: Query) -> list[QueryMessage]:
    """What was said, oldest first, each with who said it and the query at hand: one query."""
    said = QueryMessage.objects.filter(business_id=query.business_id, query=query)
    found = list(said.select_related("said_by").order_by("pk"))
    for message in found:
        message.query = query
    return found


def line_of(query: Query) -> InvoiceLine | None:
    """The line it is about: one query, none when it is about the whole document."""
    if query.invoice_id is None or query.line_position is None:
        return None
    lines = InvoiceLine.objects.filter(business_id=query.business_id, invoice_id=query.invoice_id)
    return lines.get(position=query.line_position)
