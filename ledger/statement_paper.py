"""The statement of a party on paper: what `reports.statement` reads, with totals, ageing and how to pay.

WeasyPrint keeps the whole of a document in memory, so a long statement is laid out in parts of a few pages. Each part
begins with the row that began the unfinished last page of the part before; the page numbers are laid over at the end.
"""

import datetime as dt
import gc
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from accounts import background, limits
from accounts.india import today
from accounts.models import Party
from accounts.money import amount, rupees, with_side
from ledger import ageing, letterhead, paper, papers, pdf, statement_facts, statements, verifying
from ledger.models import OpenItem
from ledger.reports import statement
from ledger.statements import BEGINNING, Period

MAX_ROWS = statement_facts.MAX_ROWS
# One layout takes 0.12 MiB a row. Up to the first it is one, tagged; a longer one is laid out in parts of the second.
ONE_PIECE_ROWS, PART_ROWS = 600, 250
AT_ONCE_ROWS = 1_000  # about four seconds
MOST_ON_A_PAGE = 60
HOUR, MOST_DRAWN_AN_HOUR = 60 * 60, 40
_PART = ("statement_part.css",)


class TooLong(Exception):
    """More rows than one PDF holds; a CSV file has no end."""

    most = MAX_ROWS


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is printed; amounts without a currency sign."""

    date: str
    title: str
    details: str
    debit: str
    credit: str
    balance: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is open for so long; `is_late`: something is, and it is overdue."""

    name: str
    amount: str
    is_late: bool


def of(party: Party, period: Period, language: str) -> bytes:
    """The PDF of the period as the book stands now, made once for all that it shows; `party` with its business.

    Raises TooLong.
    """
    shows, context, lines = _read(party, period, language)
    return papers.kept(party.business_id, party.pk, shows, lambda: _drawn(context, lines, language))


def at_once(party: Party, period: Period, language: str, *, waited: int = 0, is_shop: bool = False) -> bytes:
    """As `of`, for somebody who waits for the answer: a long one is made in the background.

    Every choice of days is another paper, so a party has only so many drawn, and the shop as many of it. Raises
    papers.Preparing, TooLong, limits.LimitReached.
    """
    shows, context, lines = _read(party, period, language)

    def allow() -> None:
        limits.hit(
            "statement-papers", f"shop {party.pk}" if is_shop else str(party.pk), most=MOST_DRAWN_AN_HOUR, seconds=HOUR
        )

    if len(lines) > AT_ONCE_ROWS:
        from ledger import tasks  # which makes papers of all kinds, ours too

        def begin() -> None:
            allow()
            background.run(tasks.make_statement, party.pk, str(period.start), str(period.end), language)

        if (content := papers.kept_soon(party.business_id, shows, begin, waited)) is not None:
            return content

    def draw() -> bytes:
        allow()
        return _drawn(context, lines, language)

    return papers.kept(party.business_id, party.pk, shows, draw)


def _read(party: Party, period: Period, language: str) -> tuple[dict[str, Any], dict[str, Any], list["Line"]]:
    """All that the paper shows: as its key, its context and its rows. Raises TooLong."""
    with translation.override(language):
        opening, *rows = islice(statement.rows(party, period), MAX_ROWS + 3)
        if len(rows) > MAX_ROWS + 1:
            raise TooLong
        closing = rows.pop()
        context = _context(party, period, opening, rows, closing)
        context["verify"] = _verify(party, period, opening, rows, closing)
        lines = _lines(rows)
    shows = {"paper": "statement", "language": language, "context": repr(context), "lines": repr(lines)}
    return shows, context, lines


def _drawn(context: dict[str, Any], lines: Sequence[Line], language: str) -> bytes:
    if len(lines) <= ONE_PIECE_ROWS:
        return pdf.write("statement", context | {"lines": lines, "is_first": True, "is_last": True}, language)
    return _joined(_parts(context, lines, language), context, language)


def name_of(party: Party, period: Period) -> str:
    """The file's name without its ending, in ASCII."""
    return f"statement_{slugify(party.name) or party.public_id}_{period.start}_{period.end}"


def words_of(period: Period) -> str:
    """The days in words, in the active language."""
    if period.start == BEGINNING:
        return _("Everything up to %(day)s") % {"day": _day(period.end)}
    return f"{_day(period.start)} – {_day(period.end)}"


def standing(party: Party) -> dict[str, Any]:
    """What is open today, by age, and how to pay it: `buckets`, `advance`, `balance`, `is_owed`, `pay`, `as_of`.

    Two queries.
    """
    open_now = OpenItem.objects.filter(business_id=party.business_id, party=party, open_paise__gt=0)
    sums = open_now.aggregate(**ageing.sums(today()))
    balance = statements.balance(party)
    buckets = [
        Bucket(str(label), rupees(sums[key]), bool(sums[key]) and key != ageing.NOT_DUE)
        for key, label in ageing.NAMES.items()
    ]
    pay = paper.ways_to_pay(party.business, balance, note=party.name)
    return {
        "as_of": _day(today()),
        "buckets": buckets if any(sums[key] for key in ageing.NAMES) or sums["advance"] else [],
        "advance": rupees(-sums["advance"]) if sums["advance"] else "",
        "balance": rupees(abs(balance)),
        "balance_words": balance_words(balance),
        "is_owed": balance > 0,
        "pay": pay,
    }


def balance_words(paise: int) -> str:
    """Who owes whom, for both sides to read."""
    if paise > 0:
        return _("to be paid to the shop")
    return _("advance with the shop") if paise < 0 else _("nothing is open")


def _context(party: Party, period: Period, opening: Any, rows: Sequence[Any], closing: Any) -> dict[str, Any]:
    shown = standing(party)
    pay = shown["pay"]
    return shown | {
        "pay_code": pdf.code(pay.upi_uri) if pay and pay.upi_uri else "",
        "from": letterhead.of(party.business, with_logo=True),
        "to": letterhead.to(party),
        "period": words_of(period),
        "opening": with_side(opening[-1], amount),
        "opened_on": "" if period.start == BEGINNING else _day(period.start),
        "closed_on": _day(period.end),
        "closing": with_side(closing[-1], amount),
        "closing_words": balance_words(closing[-1]),
        "closing_amount": rupees(abs(closing[-1])),
        "debits": amount(sum(row[4] or 0 for row in rows)),
        "credits": amount(sum(row[5] or 0 for row in rows)),
    }


def _verify(party: Party, period: Period, opening: Any, rows: Sequence[Any], closing: Any) -> dict[str, str] | None:
    """Where the paper can be checked, with the code as it is printed; rows are those of `reports.statement`."""
    said = ((row[0], row[2], row[4] or 0, row[5] or 0) for row in rows)
    slot = slot_of(party, period, opening[-1], said, closing[-1])
    return slot and slot | {"qr": pdf.code(slot["url"])}


def slot_of(
    party: Party, period: Period, opening_paise: int, rows: Iterable[statement_facts.Row], closing_paise: int
) -> dict[str, str] | None:
    """What a statement made today shows of where it can be checked (ledger.verifying.statement_slot)."""
    digest = statement_facts.hash_of(party, period, opening_paise, rows, closing_paise)
    facts = statement_facts.StatementFacts(party.public_id, period, today(), closing_paise, digest)
    return verifying.statement_slot(facts)


def _lines(rows: Sequence[Any]) -> list[Line]:
    return [
        Line(
            date=_day(row[0]),
            title=f"{row[1]} {row[2]}".strip(),
            details=row[3],
            debit=amount(row[4]) if row[4] else "",
            credit=amount(row[5]) if row[5] else "",
            balance=with_side(row[6], amount),
        )
        for row in rows
    ]


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


# --- long ones ----------------------------------------------------------------------------------------------


def _parts(context: dict[str, Any], lines: Sequence[Line], language: str) -> Iterator[list[PageObject]]:
    """The pages of each part; an unfinished last page is left to the next part."""
    start = 0
    while True:
        shown = lines[start : start + PART_ROWS]
        is_last = start + len(shown) == len(lines)
        # An id costs as much as half a row: only those that can stand on the last page have one.
        named = [] if is_last else list(enumerate(shown))[-MOST_ON_A_PAGE:]
        plain = shown if is_last else shown[:-MOST_ON_A_PAGE]
        more = {"lines": plain, "named": named, "is_first": start == 0, "is_last": is_last}
        reader = PdfReader(io.BytesIO(pdf.write("statement", context | more, language, sheets=_PART, part=True)))
        gc.collect()  # a layout is full of circles: without this the next part would come on top of it
        pages = list(reader.pages)
        if is_last:
            yield pages
            return
        places = {
            int(name[1:]): reader.get_destination_page_number(at) for name, at in reader.named_destinations.items()
        }
        start += min(row for row, page in places.items() if page == len(pages) - 1)
        yield pages[:-1]
        # The writer keeps the reader, and what it has read is larger than its pages.
        reader.resolved_objects.clear()


def _joined(parts: Iterator[list[PageObject]], context: dict[str, Any], language: str) -> bytes:
    writer = PdfWriter()
    for pages in parts:  # each is copied before the next is drawn, so that no more than one reader is in memory
        for page in pages:
            writer.add_page(page)
    total = len(writer.pages)
    feet = PdfReader(io.BytesIO(pdf.write("statement_feet", context | {"pages": range(total)}, language, part=True)))
    for at, page in enumerate(writer.pages):
        _add_foot(writer, page, feet.pages[at], NameObject(f"/Foot{at}"))
    title = f"{context['to'].name}, {context['period']}"
    writer.add_metadata({"/Title": title, "/Author": context["from"].name})
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _add_foot(writer: PdfWriter, page: PageObject, foot: PageObject, name: NameObject) -> None:
    """Lay a page's foot over it as a form of its own: `merge_page` would read every word of both again.

    The pages of one part share their resources, so `name` is another one for each.
    """
    form = DecodedStreamObject()
    contents = foot.get_contents()
    assert contents is not None, "every foot has its words"
    form.set_data(contents.get_data())
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(foot.mediabox),
            NameObject("/Resources"): foot["/Resources"].clone(writer),
        }
    )
    resources = page["/Resources"].get_object()
    assert isinstance(resources, DictionaryObject), "every page of ours has resources"
    forms = resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
    forms[name] = writer._add_object(form.flate_encode())
    before, after = DecodedStreamObject(), DecodedStreamObject()
    before.set_data(b"q\n")
    after.set_data(f"\nQ {name} Do\n".encode())
    old = page["/Contents"]
    contents_of_page = old if isinstance(old, ArrayObject) else ArrayObject([page.raw_get("/Contents")])
    page[NameObject("/Contents")] = ArrayObject(
        [writer._add_object(before), *contents_of_page, writer._add_object(after)]
    )
