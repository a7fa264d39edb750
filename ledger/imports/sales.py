"""A sales register becomes documents: parties, items, issued invoices, credit notes, cash sales settled at once.

Each document takes the next number of the business's own series and keeps the register's InvoiceNo as its reference,
by which a second run knows it. Everything is posted in small transactions, each with whole documents, so that an
interrupted import goes on where it stopped. The register carries no tax (GST 0) and is not rounded off.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.checks import LOOPBACK
from accounts.india import show_date
from accounts.models import Business, Party, PartyPerson
from accounts.states import OTHER_COUNTRIES
from catalog.models import Item
from ledger import drafting, posting
from ledger.drafting import Draft, DraftLine
from ledger.imports.register import Document, Line, Reason, Register, RegisterRefused
from ledger.models import Invoice

ROWS_AT_ONCE = 2_000
_AT_HOME = {"", "india", "unspecified"}

Tell = Callable[[str, int, int], None]


class ImportBroken(Exception):
    """The book does not hold what the register says: a fault of ours, never of the file."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the register holds, the same in every run, and what this run added. Paise.

    `total_paise` is invoices less credit notes.
    """

    rows_read: int
    rows_on_documents: int
    rows_rejected: int
    documents: int
    total_paise: int
    invoices: int
    invoices_paise: int
    credit_notes: int
    credit_notes_paise: int
    rejected: dict[str, int]
    documents_created: int = 0
    parties_created: int = 0
    items_created: int = 0


def import_sales(business: Business, path: Path, rejects: Path | None = None, tell: Tell | None = None) -> Report:
    """Read a register and post what the book does not have yet.

    `rejects` gets every rejected row with its reason. `tell` hears (what, done, all) now and then.
    Raises RegisterRefused (nothing was posted), posting.PostingRefused or numbering.SeriesFull (whole documents may
    have been posted; running it again goes on), ImportBroken.
    """
    tell = tell or (lambda what, done, of: None)
    if not business.is_active:
        raise RegisterRefused(_("The business %(slug)s is closed.") % {"slug": business.slug})
    if rejects and rejects.resolve() == path.resolve():
        raise RegisterRefused(_("The rejected rows cannot be written over the register itself."))
    with Register(path, lambda rows: tell("read", rows, rows)) as register:
        in_book = _in_book(business)
        others = [
            reference
            for reference, document in register.documents.items()
            if reference in in_book and _contents(document) not in in_book[reference]
        ]
        register.reject(others, Reason.KNOWN_OTHERWISE)
        missing = [document for reference, document in register.documents.items() if reference not in in_book]
        _check_business(business, missing)
        if rejects:
            _write_rejects(register, rejects)
        created = post(business, register, missing, tell)
        if created.documents and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "ANALYZE"
                )  # else the proof and the first pages are planned for the small tables of before
        report = _report(register, created)
        _prove(business, register, report)
    return report


def demo_mobile(customer: str) -> str:
    """A valid Indian mobile number made from a CustomerID, always the same: 12345 -> +919000012345."""
    if customer.isdecimal() and customer.isascii() and len(customer) <= 8 and not customer.startswith("0"):
        return f"+9190{customer:0>8}"
    digest = hashlib.sha256(customer.encode()).digest()
    return f"+9180{int.from_bytes(digest[:8]) % 10**8:08d}"


# --- what the book has --------------------------------------------------------------------------------------

Contents = tuple[str, dt.date, int, int]


def _contents(document: Document) -> Contents:
    kind = Invoice.Kind.CREDIT_NOTE if document.is_credit else Invoice.Kind.INVOICE
    return kind.value, document.on, document.total_paise, document.lines


def _in_book(business: Business, references: Collection[str] | None = None) -> dict[str, set[Contents]]:
    """Reference -> (kind, date, total, number of lines) of every issued document that has one (of these)."""
    found: dict[str, set[Contents]] = defaultdict(set)
    invoices = Invoice.objects.filter(business=business).exclude(reference="").exclude(status=Invoice.Status.DRAFT)
    if references is not None:
        invoices = invoices.filter(reference__in=references)
    rows = invoices.order_by("pk").values_list("reference", "kind", "issued_on", "total_paise", Count("lines"))
    for reference, kind, on, total, lines in rows.iterator():
        found[reference].add((kind, on, total, lines))
    return found


def _check_business(business: Business, documents: Sequence[Document]) -> None:
    """Refuse before anything is posted what the first document would be refused for."""
    if not documents:
        return
    try:
        drafting.supply_of(business, Party(business=business))
    except drafting.DraftRefused as error:
        raise RegisterRefused(str(error)) from error
    first = min(document.on for document in documents)
    if business.books_closed_on and first <= business.books_closed_on:
        raise RegisterRefused(
            _("The books are closed up to %(closed)s and the register begins on %(first)s; nothing was imported.")
            % {"closed": show_date(business.books_closed_on), "first": show_date(first)}
        )


def _report(register: Register, created: "Created") -> Report:
    documents = register.documents.values()
    invoices = [document.total_paise for document in documents if not document.is_credit]
    credit_notes = [document.total_paise for document in documents if document.is_credit]
    return Report(
        rows_read=register.rows_read,
        rows_on_documents=register.rows_on_documents,
        rows_rejected=register.rows_rejected,
        documents=len(documents),
        total_paise=sum(invoices) - sum(credit_notes),
        invoices=len(invoices),
        invoices_paise=sum(invoices),
        credit_notes=len(credit_notes),
        credit_notes_paise=sum(credit_notes),
        rejected={reason.value: count for reason, count in sorted(register.rejected.items())},
        documents_created=created.documents,
        parties_created=created.parties,
        items_created=created.items,
    )


def _prove(business: Business, register: Register, report: Report) -> None:
    """Every row is accounted for, and the book holds each document as the register says it."""
    if report.rows_read != report.rows_on_documents + report.rows_rejected:
        raise ImportBroken(
            f"{report.rows_read} rows were read, but {report.rows_on_documents} stand on documents and "
            f"{report.rows_rejected} were rejected."
        )
    in_book = _in_book(business)
    for reference, document in register.documents.items():
        if _contents(document) not in in_book.get(reference, ()):
            raise ImportBroken(f"The book does not hold {reference} as the register says it.")


def _write_rejects(register: Register, path: Path) -> None:
    try:
        register.write_rejects(path)
    except OSError as error:
        raise RegisterRefused(
            _("The rejected rows cannot be written to %(name)s: %(why)s; nothing was imported.")
            % {"name": path, "why": error.strerror or error}
        ) from None


# --- posting ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Created:
    """How many rows a run added."""

    documents: int = 0
    parties: int = 0
    items: int = 0


def post(business: Business, register: Register, documents: Sequence[Document], tell: Tell) -> Created:
    """Post these documents in their order, in batches; each batch is one transaction and locks the business."""
    created, done, rows = Created(), 0, sum(document.lines for document in documents)
    items: dict[str, Item] = {}
    for batch in _batches(register.lines_of(documents)):
        with transaction.atomic():
            locked = Business.objects.select_for_update(no_key=True).get(pk=business.pk)
            # A second import of the same register may run beside this one.
            meanwhile = _in_book(locked, [document.reference for document, _lines in batch])
            new = [(document, lines) for document, lines in batch if document.reference not in meanwhile]
            added = _post_batch(locked, register, new, items)
        created.documents += added.documents
        created.parties += added.parties
        created.items += added.items
        done += sum(len(lines) for _document, lines in batch)
        tell("post", done, rows)
    return created


Batch = list[tuple[Document, list[Line]]]


def _batches(documents: Iterable[tuple[Document, list[Line]]]) -> Iterator[Batch]:
    batch: Batch = []
    rows = 0
    for document, lines in documents:
        batch.append((document, lines))
        rows += len(lines)
        if rows >= ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _post_batch(business: Business, register: Register, batch: Batch, items: dict[str, Item]) -> Created:
    """`items` are those that earlier batches have met, by code; it grows."""
    parties, new_parties = _parties(business, {document.customer for document, _lines in batch}, register.countries)
    new_items = _meet(items, business, {line.code for _document, lines in batch for line in lines}, register)
    prepared = []
    for document, lines in batch:
        party = parties[document.customer]
        days = 0 if party.is_walk_in else party.days_of_credit()
        draft = Draft(
            party=party,
            issued_on=document.on,
            due_on=document.on + dt.timedelta(days=days),
            reference=document.reference,
            rounds_off=False,
            lines=[
                DraftLine(
                    description=line.description or (items[line.code].name if line.code else ""),
                    quantity_milli=line.quantity_milli,
                    unit_price_e4=line.unit_price_e4,
                    unit=items[line.code].unit if line.code else "PCS",
                    hsn=items[line.code].hsn if line.code else "",
                    item_id=items[line.code].pk if line.code else None,
                )
                for line in lines
            ],
        )
        invoice = Invoice(kind=Invoice.Kind.CREDIT_NOTE if document.is_credit else Invoice.Kind.INVOICE)
        prepared.append(posting.Prepared(invoice, drafting.apply(invoice, business, draft), party.is_walk_in))
    posting.post_batch(business, prepared, None)
    return Created(len(prepared), new_parties, new_items)


def _parties(business: Business, customers: set[str], countries: Mapping[str, str]) -> tuple[dict[str, Party], int]:
    """CustomerID -> party, made where the book has none; "" is the one walk-in party."""
    new = 0
    found = {
        party.reference: party for party in Party.objects.filter(business=business, reference__in=customers - {""})
    }
    if "" in customers:
        walk_in, made = Party.objects.get_or_create(
            business=business, is_walk_in=True, defaults={"name": str(_("Cash sales"))}
        )
        found[""] = walk_in
        new += made
    made_parties = Party.objects.bulk_create(
        _new_party(business, customer, countries[customer]) for customer in sorted(customers - found.keys())
    )
    found |= {party.reference: party for party in made_parties}
    _give_numbers(business, made_parties)
    for party in found.values():
        party.business = business
    return found, new + len(made_parties)


def _new_party(business: Business, customer: str, country: str) -> Party:
    return Party(
        business=business,
        name=_("Customer %(id)s") % {"id": customer},
        reference=customer,
        address=country,
        state_code="" if country.casefold() in _AT_HOME else OTHER_COUNTRIES,
        note=_(
            "Imported from a sales register that has no names or numbers. The name is made from CustomerID %(id)s; "
            "a mobile number beginning with 90 or 80 is made up as well, reserved for the demo and nobody's own."
        )
        % {"id": customer},
    )


def _give_numbers(business: Business, parties: Sequence[Party]) -> None:
    """A made-up number each, on a demo only: on a public site it might be a stranger's, who could then log in."""
    if urlsplit(settings.SITE_URL).hostname not in LOOPBACK:
        return
    numbers = {party.pk: demo_mobile(party.reference) for party in parties}
    taken = set(
        map(
            str,
            PartyPerson.objects.filter(business=business, phone__in=numbers.values()).values_list("phone", flat=True),
        )
    )
    people = []
    for party in parties:
        number = numbers[party.pk]
        if number not in taken:
            taken.add(number)
            people.append(PartyPerson(business=business, party=party, name=party.name, phone=number, is_main=True))
    PartyPerson.objects.bulk_create(people)


def _meet(items: dict[str, Item], business: Business, codes: set[str], register: Register) -> int:
    """Add to `items` what the book has of these codes, and make the rest; returns how many were made.

    Postage and charges (no digit in the code) are not for sale in the store.
    """
    codes = codes - {""} - items.keys()
    items |= {item.code: item for item in Item.objects.filter(business=business, code__in=codes)}
    made = Item.objects.bulk_create(
        Item(
            business=business,
            code=code,
            name=register.articles[code].name or code,
            unit_price_e4=register.articles[code].unit_price_e4,
            in_store=any(char.isdigit() for char in code),
        )
        for code in sorted(codes - items.keys())
    )
    items |= {item.code: item for item in made}
    return len(made)
