"""What is stored about the person who is signed in at one party: in words with why and how long, and as files.

Each part names who may have it at all, and gives its rows for one reader, so that page and download can show nothing
that the person's rights do not: whoever sees no money gets no figure of the book, here neither.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import PartyPerson
from ledger import export
from ledger.reports import Column, Kind
from ledger.zips import Sent
from portal import stored_rows
from portal.access import PortalRequest, Role, sees_money
from portal.stored_rows import Rows, moment

TAX_TIME = gettext_lazy("72 months after the due date of the year's GST return, as the CGST Act (section 36) asks")
MOST_COUNTED = 999
WHILE_SHARED = gettext_lazy("Until you ask to erase it, or the shop removes it")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that is kept. `who` says whether this person may have it; `key` names its file."""

    key: str
    title: str | Lazy
    why: str | Lazy
    kept: str | Lazy
    columns: tuple[Column, ...]
    rows: Callable[[PortalRequest], Rows]
    found: Callable[[PortalRequest], QuerySet[Any]] | None  # what `rows` tells of, to be counted; None: always there
    who: Callable[[PartyPerson], bool] = sees_money


def everybody(_person: PartyPerson) -> bool:
    return True


def owners(person: PartyPerson) -> bool:
    return person.role == Role.OWNER


def parts_for(person: PartyPerson) -> list[Part]:
    return [part for part in PARTS if part.who(person)]


def _texts(*titles: str | Lazy) -> tuple[Column, ...]:
    return tuple(Column(title) for title in titles)


WHEN, STATE, NOTE, NUMBER = (
    gettext_lazy("When"),
    gettext_lazy("State of it"),
    gettext_lazy("Note"),
    gettext_lazy("Number"),
)
_DATE = Column(gettext_lazy("Date"), Kind.DATE)
_AMOUNT = Column(gettext_lazy("Amount"), Kind.PAISE)
FOR_THE_BOOK = gettext_lazy("So that you and the shop read the same book")

PARTS: list[Part] = [
    Part(
        "profile",
        gettext_lazy("Your profile"),
        gettext_lazy("To write your bills and to know whom to let in"),
        WHILE_SHARED,
        _texts(gettext_lazy("What"), gettext_lazy("Saved")),
        stored_rows.profile_rows,
        None,
        everybody,
    ),
    Part(
        "people",
        gettext_lazy("Others who may log in"),
        gettext_lazy("So that only numbers you know get in, each with its rights"),
        WHILE_SHARED,
        _texts(
            gettext_lazy("Name"),
            gettext_lazy("Mobile number"),
            pgettext_lazy("is allowed to", "May"),
            gettext_lazy("Since"),
        ),
        stored_rows.people_rows,
        stored_rows.others_of,
        owners,
    ),
    Part(
        "devices",
        gettext_lazy("Your devices"),
        gettext_lazy("So that you can see and end where you are signed in"),
        gettext_lazy("Until your login is erased"),
        _texts(gettext_lazy("Browser"), gettext_lazy("First login"), gettext_lazy("Last login"), STATE),
        stored_rows.device_rows,
        stored_rows.devices_of,
        everybody,
    ),
    Part(
        "logins",
        gettext_lazy("Your logins here"),
        gettext_lazy("To guard the book, as the Digital Personal Data Protection Rules 2025 ask"),
        gettext_lazy("At least a year"),
        _texts(WHEN, gettext_lazy("Browser")),
        stored_rows.login_rows,
        stored_rows.logins_of,
        everybody,
    ),
    Part(
        "messages",
        gettext_lazy("Messages sent to you"),
        gettext_lazy("To know whether a bill, link or reminder has reached you; the texts themselves are not kept"),
        gettext_lazy("Until you ask to erase it; login codes 30 days"),
        _texts(
            WHEN,
            gettext_lazy("What"),
            pgettext_lazy("channel", "By"),
            pgettext_lazy("recipient", "To"),
            STATE,
            gettext_lazy("Sent"),
            gettext_lazy("Delivered"),
            gettext_lazy("Read"),
        ),
        stored_rows.message_rows,
        stored_rows.messages_to,
        everybody,
    ),
    Part(
        "opened-links",
        gettext_lazy("Links that were opened"),
        gettext_lazy("So that the shop knows that you have the bill, and you can find a stranger's device"),
        gettext_lazy("At least a year; the device until you ask to erase it"),
        _texts(WHEN, gettext_lazy("Paper"), gettext_lazy("What"), gettext_lazy("Browser")),
        stored_rows.open_rows,
        stored_rows.opens_of,
    ),
    Part(
        "asked",
        gettext_lazy("Corrections and erasures you asked for"),
        gettext_lazy("To show what was asked and what the shop answered"),
        gettext_lazy("Corrections until you ask to erase them; that you asked for erasure stays"),
        _texts(WHEN, gettext_lazy("What"), gettext_lazy("Wanted"), NOTE, STATE, gettext_lazy("Answer")),
        stored_rows.asked_rows,
        stored_rows.asked_of,
        everybody,
    ),
    Part(
        "orders",
        gettext_lazy("Orders"),
        gettext_lazy("To send and bill what you ordered"),
        TAX_TIME,
        (_DATE, Column(NUMBER), Column(STATE), _AMOUNT, Column(NOTE)),
        stored_rows.order_rows,
        stored_rows.orders_of,
        everybody,
    ),
    Part(
        "invoices",
        gettext_lazy("Invoices and credit notes"),
        FOR_THE_BOOK,
        TAX_TIME,
        (
            _DATE,
            Column(NUMBER),
            Column(gettext_lazy("What")),
            Column(gettext_lazy("Due"), Kind.DATE),
            _AMOUNT,
            Column(STATE),
        ),
        stored_rows.invoice_rows,
        stored_rows.invoices_of,
    ),
    Part(
        "payments",
        gettext_lazy("Payments"),
        FOR_THE_BOOK,
        TAX_TIME,
        (_DATE, Column(NUMBER), Column(gettext_lazy("How")), Column(gettext_lazy("Reference")), _AMOUNT, Column(STATE)),
        stored_rows.payment_rows,
        stored_rows.payments_of,
    ),
    Part(
        "ledger",
        gettext_lazy("Ledger"),
        FOR_THE_BOOK,
        TAX_TIME,
        (
            _DATE,
            Column(gettext_lazy("What")),
            Column(NUMBER),
            Column(gettext_lazy("Billed"), Kind.PAISE),
            Column(gettext_lazy("Paid"), Kind.PAISE),
        ),
        stored_rows.ledger_rows,
        stored_rows.entries_of,
    ),
    Part(
        "promises",
        gettext_lazy("Promises to pay"),
        gettext_lazy("So that nobody reminds you before the day"),
        TAX_TIME,
        (_DATE, Column(NUMBER), _AMOUNT, Column(gettext_lazy("By which day"), Kind.DATE), Column(STATE), Column(NOTE)),
        stored_rows.promise_rows,
        stored_rows.promises_of,
    ),
    Part(
        "questions",
        gettext_lazy("Questions and answers"),
        gettext_lazy("To settle what differs, for both sides to read again"),
        TAX_TIME,
        _texts(WHEN, NUMBER, gettext_lazy("What differs"), gettext_lazy("Who"), gettext_lazy("Text")),
        stored_rows.query_rows,
        stored_rows.words_of,
    ),
    Part(
        "confirmations",
        gettext_lazy("Balance confirmations"),
        gettext_lazy("For your auditor and the shop's"),
        TAX_TIME,
        (
            _DATE,
            Column(gettext_lazy("The shop's balance"), Kind.PAISE),
            Column(gettext_lazy("Yours"), Kind.PAISE),
            Column(STATE),
            Column(gettext_lazy("Who")),
            Column(WHEN),
            Column(NOTE),
        ),
        stored_rows.confirmation_rows,
        stored_rows.confirmations_of,
    ),
    Part(
        "payments-told",
        gettext_lazy("Payments you told the shop of"),
        gettext_lazy("So that the shop finds your money"),
        gettext_lazy("As long as the payment; screenshot and note until you ask to erase them"),
        (
            _DATE,
            Column(gettext_lazy("Reference")),
            _AMOUNT,
            Column(STATE),
            Column(NOTE),
            Column(gettext_lazy("Answer")),
            Column(gettext_lazy("Screenshot")),
        ),
        stored_rows.claim_rows,
        stored_rows.claims_of,
    ),
    Part(
        "uploaded-ledgers",
        gettext_lazy("Ledgers you uploaded"),
        gettext_lazy("To compare them with the shop's; nobody else sees them unless you show them"),
        gettext_lazy("Half a year, or until you delete them"),
        (
            Column(WHEN),
            Column(gettext_lazy("File")),
            Column(gettext_lazy("Rows"), Kind.COUNT),
            Column(gettext_lazy("Shown to the shop")),
        ),
        stored_rows.file_rows,
        stored_rows.files_of,
    ),
]


# --- on the page --------------------------------------------------------------------------------------------


def counted(request: PortalRequest) -> list[tuple[Part, str]]:
    """What this person may have, each part with how much of it there is ("" where it is always there): one query.

    Nobody waits for a million to be counted: beyond `MOST_COUNTED` it says so.
    """
    parts, counts, values = parts_for(request.person), [], []
    for part in parts:
        if part.found:
            some, its_values = part.found(request).order_by().values("pk")[: MOST_COUNTED + 1].query.sql_with_params()
            counts.append(f"SELECT %s, COUNT(*) FROM ({some}) AS found")  # noqa: S608  as Django writes it
            values += [part.key, *its_values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts), values)
        found = dict(cursor.fetchall())
    return [(part, _how_many(found.get(part.key))) for part in parts]


def _how_many(count: int | None) -> str:
    if count is None:
        return ""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


# --- as one file --------------------------------------------------------------------------------------------


def archive(request: PortalRequest) -> Iterator[bytes]:
    """All that this person may have as a ZIP of CSV files with words about each, streamed; a batch in memory at once."""
    sent: Any = Sent()
    now = timezone.localtime().timetuple()[:6]
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo("read-me.txt", now), about(request))
        for part in parts_for(request.person):
            name = zipfile.ZipInfo(f"{part.key}.csv", now)
            name.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(name, "w") as file:
                for piece in export.csv_chunks(part.columns, part.rows(request)):
                    file.write(piece.encode())
                    yield sent.take()
    yield sent.take()


def about(request: PortalRequest) -> str:
    """What the files hold, why and how long."""
    head = _("What %(shop)s has stored about you, on %(day)s") % {
        "shop": request.business.name,
        "day": moment(timezone.now()),
    }
    parts = [
        f"{part.key}.csv: {part.title}\n  {_('Why:')} {part.why}\n  {_('How long:')} {part.kept}"
        for part in parts_for(request.person)
    ]
    return "\n\n".join([head, *parts, ""])
