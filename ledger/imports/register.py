"""A sales register: a CSV file, also gzipped, with one row per invoice line. Reads and judges; posts nothing.

The whole file is read and judged before anything is posted. What it says is kept in a temporary database on disk, so
that the rows of one InvoiceNo come together wherever they stood, and memory stays small however long the file is.

Columns: InvoiceNo (leading C: credit note, leading A: bad-debt adjustment), StockCode, Description, Quantity
(negative on credit notes and stock corrections), InvoiceDate, UnitPrice, CustomerID (empty: cash sale), Country.
Source of the form: Chen, D. (2015), Online Retail, UCI Machine Learning Repository.
"""

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import re
import sqlite3
import zlib
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TextIO

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.india import today
from accounts.money import MAX_PAISE, MAX_QUANTITY_MILLI, MAX_UNIT_PRICE_E4, line_amount

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
LONGEST_LINE = 64 * 1024
LONGEST_REFERENCE = 40
LONGEST_DESCRIPTION = 200
_LINES_OF_A_RECORD = 20
_KEPT_AT_ONCE = 5_000


class RegisterRefused(Exception):
    """The file as a whole cannot be taken; the message is one plain sentence, and nothing was posted."""


class Reason(TextChoices):
    """Why a row is not a line of a document."""

    COLUMNS = "columns", _lazy("The row does not have eight columns.")
    TEXT = "text", _lazy("The row has characters that are not valid UTF-8 text.")
    NO_NUMBER = "no_number", _lazy("The row has no InvoiceNo.")
    TOO_LONG = "too_long", _lazy("InvoiceNo, StockCode, CustomerID or Description is too long.")
    BAD_DEBT = "bad_debt", _lazy("A bad-debt adjustment is not a sale.")
    QUANTITY = "quantity", _lazy("The quantity cannot be read (at most three decimals).")
    PRICE = "price", _lazy("The price cannot be read (at most four decimals).")
    DATE = "date", _lazy("The date cannot be read (it looks like 2010-12-01 08:26).")
    FUTURE = "future", _lazy("The date lies in the future.")
    NEGATIVE_PRICE = "negative_price", _lazy("The price is negative.")
    ZERO_QUANTITY = "zero_quantity", _lazy("The quantity is zero.")
    STOCK_CORRECTION = "stock_correction", _lazy("A negative quantity outside a credit note is a stock correction.")
    SOLD_ON_CREDIT_NOTE = "sold_on_credit_note", _lazy("A credit note takes back: its quantities are negative.")
    NAMELESS = "nameless", _lazy("The row has neither StockCode nor Description.")
    OTHER_CUSTOMER = "other_customer", _lazy("The row names another customer than its document.")
    TOO_MUCH = "too_much", _lazy("The amount is above 999 crore rupees.")
    KNOWN_OTHERWISE = "known_otherwise", _lazy("The book has this InvoiceNo already, with other contents.")


class Row(NamedTuple):
    """One line as the register says it; the quantity is positive on credit notes too. `line` counts from 1."""

    line: int
    reference: str
    is_credit: bool
    on: dt.date
    code: str
    description: str
    quantity_milli: int
    unit_price_e4: int
    amount_paise: int
    customer: str
    country: str


class Record(NamedTuple):
    """One record of the file as it stands there; `problem` when it is no row of eight texts."""

    line: int
    cells: list[str]
    problem: Reason | None


# --- records ------------------------------------------------------------------------------------------------


def records(path: Path) -> Iterator[Record]:
    """Every record below the header but blank lines. Raises RegisterRefused for a file that is no register."""
    try:
        with _open(path) as text:
            found = _records(text)
            header = next(found, None)
            if header is None:
                raise RegisterRefused(_("The file %(name)s is empty.") % {"name": path.name})
            if [cell.strip().casefold() for cell in header.cells] != [name.casefold() for name in COLUMNS]:
                raise RegisterRefused(
                    _("The first row of %(name)s must be %(columns)s.")
                    % {"name": path.name, "columns": ",".join(COLUMNS)}
                )
            yield from found
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise RegisterRefused(
            _("The file %(name)s is damaged or was cut short; nothing was imported.") % {"name": path.name}
        ) from None
    except OSError as error:
        raise RegisterRefused(
            _("The file %(name)s cannot be read: %(why)s.") % {"name": path, "why": error.strerror or error}
        ) from None


@contextlib.contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    if not path.exists():
        raise RegisterRefused(_("There is no file %(name)s.") % {"name": path})
    if not path.is_file():
        raise RegisterRefused(_("%(name)s is not a file.") % {"name": path})
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        data = gzip.GzipFile(fileobj=raw) if zipped else raw
        # Bytes that are no UTF-8 become lone surrogates, by which their row is known.
        with io.TextIOWrapper(data, encoding="utf-8-sig", errors="surrogateescape") as text:
            yield text


def _records(text: TextIO) -> Iterator[Record]:
    number, ahead = 0, deque[str]()

    def following() -> str:
        line = text.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise RegisterRefused(_("The file has a line that is too long for a register."))
        return line

    while line := ahead.popleft() if ahead else following():
        number += 1
        if line.isspace():
            continue
        if '"' in line:
            joined = _joined(line, ahead, following)
            cells, more = joined or (next(csv.reader([line]), []), 0)
            for _unused in range(more):
                ahead.popleft()
        else:
            cells, more = line.rstrip("\n").split(","), 0
        yield Record(number, cells, _problem(line, cells))
        number += more


def _problem(line: str, cells: Collection[str]) -> Reason | None:
    if len(cells) != len(COLUMNS):
        return Reason.COLUMNS
    if not line.isascii() and any("\ud800" <= char <= "\udfff" for cell in cells for char in cell):
        return Reason.TEXT
    return Reason.TEXT if any("\0" in cell for cell in cells) else None


def _joined(line: str, ahead: deque[str], following: Callable[[], str]) -> tuple[list[str], int] | None:
    """A record that needs its quotation marks: (cells, lines it takes from `ahead`); None when they do not close.

    A mark that is opened and forgotten must not swallow the rows after it: the lines are joined only when that gives
    one whole record, else each stands for itself.
    """
    for more in range(_LINES_OF_A_RECORD):
        if more:
            if len(ahead) < more:
                if not (further := following()):
                    return None
                ahead.append(further)
            line += ahead[more - 1]
        try:
            cells = next(csv.reader([line], strict=True))
        except csv.Error:
            continue
        return (cells, more) if not more or len(cells) == len(COLUMNS) else None
    return None


# --- rows ---------------------------------------------------------------------------------------------------


def judge(record: Record, day: dt.date) -> Row | Reason:
    """The row of a record, or why there is none. `day` is today."""
    if record.problem:
        return record.problem
    reference, code, description, quantity_text, date_text, price_text, customer, country = map(str.strip, record.cells)
    customer, description = _customer(customer), _description(description)
    if not reference:
        return Reason.NO_NUMBER
    if max(len(reference), len(code), len(customer)) > LONGEST_REFERENCE or len(description) > LONGEST_DESCRIPTION:
        return Reason.TOO_LONG
    if reference[0] in "Aa":
        return Reason.BAD_DEBT
    is_credit = reference[0] in "Cc"
    milli = _scaled(quantity_text, 3, MAX_QUANTITY_MILLI)
    e4 = _scaled(price_text, 4, MAX_UNIT_PRICE_E4)
    on = _date(date_text)
    if milli is None or e4 is None or on is None:
        return Reason.QUANTITY if milli is None else Reason.PRICE if e4 is None else Reason.DATE
    if problem := _refused(on > day, is_credit, milli, e4, bool(code or description)):
        return problem
    amount = line_amount(abs(milli), e4)
    if amount > MAX_PAISE:
        return Reason.TOO_MUCH
    return Row(
        record.line, reference, is_credit, on, code, description, abs(milli), e4, amount, customer, country[:100]
    )


def _refused(is_future: bool, is_credit: bool, milli: int, e4: int, is_named: bool) -> Reason | None:
    if is_future:
        return Reason.FUTURE
    if e4 < 0:
        return Reason.NEGATIVE_PRICE
    if milli == 0:
        return Reason.ZERO_QUANTITY
    if is_credit and milli > 0:
        return Reason.SOLD_ON_CREDIT_NOTE
    if not is_credit and milli < 0:
        return Reason.STOCK_CORRECTION
    return None if is_named else Reason.NAMELESS


_NUMBER = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?", re.ASCII
)


@lru_cache(maxsize=50_000)
def _scaled(text: str, decimals: int, most: int) -> int | None:
    """A plain decimal number times ten to the `decimals`, exactly; None when it is none, too fine or too large."""
    match = _NUMBER.fullmatch(text) if len(text) <= 40 else None
    if match is None or not (match[2] or match[3]):
        return None
    fraction = (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        return None
    value = int((match[2] or "0") + fraction.ljust(decimals, "0"))
    if value > most:
        return None
    return -value if match[1] else value


@lru_cache(maxsize=10_000)
def _date(text: str) -> dt.date | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    try:
        day = dt.date.fromisoformat(match[1])
    except ValueError:
        return None
    return day if day.year >= 1900 else None


@lru_cache(maxsize=10_000)
def _customer(text: str) -> str:
    """Spreadsheets write 17850 as 17850.0."""
    whole, _dot, fraction = text.partition(".")
    return whole if fraction and not fraction.strip("0") and whole.isdecimal() else text


@lru_cache(maxsize=10_000)
def _description(text: str) -> str:
    """One printable line; "nan" is how pandas writes that there is none."""
    if text == "nan":
        return ""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


# --- the register -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Document:
    """The rows of one InvoiceNo that are lines. `customer` is "" for a cash sale; `key` finds its rows."""

    key: int
    reference: str
    is_credit: bool
    on: dt.date
    customer: str
    total_paise: int = 0
    lines: int = 0

    @property
    def signed_paise(self) -> int:
        return -self.total_paise if self.is_credit else self.total_paise


@dataclass(slots=True)
class Article:
    """What the register says of a StockCode: the first description that is not blank, the last price above 0."""

    name: str = ""
    unit_price_e4: int = 0


class Line(NamedTuple):
    """A stored row of a document."""

    document: int
    code: str
    description: str
    quantity_milli: int
    unit_price_e4: int


class Register:
    """A register that has been read. Documents stand in the order of their first row, dated by it."""

    def __init__(self, path: Path, tell: Callable[[int], None] | None = None) -> None:
        """Read all of it; `tell` hears now and then how many rows there were. Raises RegisterRefused."""
        self.path = path
        self.rows_read = 0
        self.rejected: Counter[Reason] = Counter()
        self.documents: dict[str, Document] = {}
        self.articles: dict[str, Article] = {}
        self.countries: dict[str, str] = {}
        self._store = sqlite3.connect("", isolation_level=None)  # a temporary file, gone with the connection
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute(
            "CREATE TABLE line (document INTEGER, line INTEGER, code TEXT, description TEXT, quantity_milli INTEGER,"
            " unit_price_e4 INTEGER, PRIMARY KEY (document, line)) WITHOUT ROWID"
        )
        self._store.execute("CREATE TABLE rejected (line INTEGER PRIMARY KEY, reason TEXT, cells TEXT)")
        self._store.execute("BEGIN")
        try:
            self._read(tell or (lambda rows: None))
        except BaseException:
            self._store.close()
            raise

    def __enter__(self) -> "Register":
        return self

    def __exit__(self, *exc: object) -> None:
        self._store.close()

    @property
    def rows_rejected(self) -> int:
        return self.rejected.total()

    @property
    def rows_on_documents(self) -> int:
        return sum(document.lines for document in self.documents.values())

    def _read(self, tell: Callable[[int], None]) -> None:
        day = today()
        kept: list[tuple[object, ...]] = []
        for record in records(self.path):
            self.rows_read += 1
            row = judge(record, day)
            found = self._take(row) if isinstance(row, Row) else row
            if isinstance(found, Reason):
                self._reject(record, found)
            else:
                kept.append(found)
            if len(kept) >= _KEPT_AT_ONCE:
                self._keep(kept)
                tell(self.rows_read)
        self._keep(kept)
        tell(self.rows_read)

    def _keep(self, lines: list[tuple[object, ...]]) -> None:
        self._store.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", lines)
        lines.clear()

    def _take(self, row: Row) -> tuple[object, ...] | Reason:
        """Add a row to its document; returns what is stored of it."""
        document = self.documents.get(row.reference)
        if document is None:
            document = Document(len(self.documents), row.reference, row.is_credit, row.on, row.customer)
            self.documents[row.reference] = document
        elif row.customer and document.customer and row.customer != document.customer:
            return Reason.OTHER_CUSTOMER
        elif document.total_paise + row.amount_paise > MAX_PAISE:
            return Reason.TOO_MUCH
        document.customer = document.customer or row.customer
        document.total_paise += row.amount_paise
        document.lines += 1
        if row.customer:
            self.countries.setdefault(row.customer, row.country)
        if row.code:
            article = self.articles.get(row.code)
            if article is None:
                article = self.articles[row.code] = Article()
            article.name = article.name or row.description
            if row.unit_price_e4 and not row.is_credit:
                article.unit_price_e4 = row.unit_price_e4
        return document.key, row.line, row.code, row.description, row.quantity_milli, row.unit_price_e4

    def _reject(self, record: Record, reason: Reason) -> None:
        self.rejected[reason] += 1
        self._store.execute(
            "INSERT INTO rejected VALUES (?, ?, ?)", (record.line, reason.value, json.dumps(record.cells))
        )

    def reject(self, references: Collection[str], reason: Reason) -> None:
        """Take whole documents out: their rows are rejected after all."""
        keys = [self.documents.pop(reference).key for reference in references]
        lines = set[int]()
        for key in keys:
            lines.update(line for (line,) in self._store.execute("SELECT line FROM line WHERE document = ?", (key,)))
            self._store.execute("DELETE FROM line WHERE document = ?", (key,))
        for record in records(self.path) if lines else ():
            if record.line in lines:
                self._reject(record, reason)

    def lines_of(self, documents: Iterable[Document]) -> Iterator[tuple[Document, list[Line]]]:
        """Each document with its lines in the order of the file."""
        for document in documents:
            rows = self._store.execute(
                "SELECT document, code, description, quantity_milli, unit_price_e4 FROM line"
                " WHERE document = ? ORDER BY line",
                (document.key,),
            )
            yield document, [Line(*row) for row in rows]

    def write_rejects(self, path: Path) -> None:
        """All rejected rows, in the order of the file, with line number and reason, as CSV for a spreadsheet."""
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "reason", *COLUMNS])
            for line, reason, cells in self._store.execute("SELECT line, reason, cells FROM rejected ORDER BY line"):
                writer.writerow([line, str(Reason(reason).label), *map(_harmless, json.loads(cells))])


def _harmless(cell: str) -> str:
    """A spreadsheet takes such a cell for a formula; negative numbers stay numbers."""
    if cell[:1] in "=+-@\t\r" and cell[:1] and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell
