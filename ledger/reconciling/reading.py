"""A customer's own file as rows of text: CSV in any of the usual dresses, or XLSX. Judges nothing but its size and form.

A cell that is a formula is read by the value its program has kept, and never computed. Caps: 5 MB, 20,000 rows, 60
columns, 500 letters a cell; an XLSX is looked at before it is unpacked (at most 50 MB, 1,000 parts, ratio 100).
"""

import csv
import datetime as dt
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from django.utils.translation import gettext as _
from openpyxl import load_workbook

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_CELL = 500
_MAX_UNPACKED, _MAX_PARTS, _MAX_RATIO = 50 * 1024 * 1024, 1_000, 100
_EMPTY_ROWS = 2_000  # so many in a row end a sheet
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    DefusedXmlException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)

Table = list[list[str]]


class FileRefused(Exception):
    """The file cannot be read as a ledger; the message is for people."""


def read(data: bytes) -> Table:
    """The rows of a file, each as long as its last cell that holds something; empty rows stay, so that a row's place
    is its number in the file. Raises FileRefused.
    """
    if len(data) > MAX_BYTES:
        raise FileRefused(_("This file is larger than 5 MB. Save only this shop's ledger, or fewer months."))
    if data[:4] == b"PK\x03\x04":
        rows = _xlsx(data)
    elif data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise FileRefused(
            _("This is an old Excel file (.xls) or one with a password. Save it as .xlsx or CSV, without.")
        )
    elif data[:5] == b"%PDF-":
        raise FileRefused(_("This is a PDF. Export the ledger as Excel (.xlsx) or CSV."))
    else:
        rows = _csv(_text(data))
    table = _capped(rows)
    if not any(map(any, table)):
        raise FileRefused(_("This file is empty."))
    return table


def _capped(rows: Iterable[list[str]]) -> Table:
    table: Table = []
    for row in rows:
        if len(table) >= MAX_ROWS:
            words = _("This file has more than %(most)s rows. Save fewer months of it.")
            raise FileRefused(words % {"most": "20,000"})
        cells = [_clean(cell) for cell in row[:MAX_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        table.append(cells)
    while table and not table[-1]:
        table.pop()
    return table


def _clean(cell: str) -> str:
    """One printable line of bounded length."""
    cell = cell[:MAX_CELL]
    if not cell.isprintable():
        cell = "".join(char if char.isprintable() else " " for char in cell)
    return cell.strip().lstrip("'") if cell[:1] == "'" else cell.strip()


# --- CSV ----------------------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(data, "utf-16")
    if data[:3] == b"\xef\xbb\xbf":
        return _decoded(data, "utf-8-sig")
    head = data[:4_000]
    zeros = head.count(0)
    if zeros * 4 >= len(head) > 1:  # two bytes a letter, without a mark
        return _decoded(data, "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be")
    if zeros:
        raise FileRefused(_("This is not a table we can read. Export the ledger as Excel (.xlsx) or CSV."))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused(_("This file is damaged or was cut short. Export it again.")) from None


def _csv(text: str) -> Iterator[list[str]]:
    if text.lstrip()[:1] == "<":
        raise FileRefused(_("This is a web page, not a table. Save it as .xlsx or CSV."))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text)
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error:
        raise FileRefused(_("A quotation mark in this file is never closed. Export it again.")) from None


def _delimiter(text: str) -> str:
    """The one that cuts most of the first lines into the same number of cells, and into most."""
    first, _sep, _rest = text.partition("\n")
    if first[:4].casefold() == "sep=" and len(first) == 5 and first[4] != '"':
        return first[4]
    lines = [line for line in text[:60_000].split("\n")[:60] if line.strip()]
    best, score = ",", (0, 0)
    for mark in (",", ";", "\t", "|"):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=mark)] or [0]
        except csv.Error:
            continue
        usual, times = Counter(width for width in widths if width > 1).most_common(1)[0] if max(widths) > 1 else (0, 0)
        if (times, usual) > score:
            best, score = mark, (times, usual)
    return best


# --- XLSX ---------------------------------------------------------------------------------------------------


def _xlsx(data: bytes) -> Iterator[list[str]]:
    try:
        _look_before_unpacking(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            yield from _sheet(book)
        finally:
            book.close()
    except _BROKEN as error:
        raise FileRefused(_("This Excel file is damaged, or it is not one. Save it again, or as CSV.")) from error


def _look_before_unpacking(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or unpacked > _MAX_RATIO * max(packed, 10_000):
        raise FileRefused(_("This Excel file unpacks to far too much. Save only this shop's ledger."))
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused(_("This file has a password. Save it without one."))


def _sheet(book: object) -> Iterator[list[str]]:
    """The sheet that the file opens with, or the first one that holds something."""
    sheets = list(book.worksheets)  # type: ignore[attr-defined]
    active = book.active  # type: ignore[attr-defined]
    for sheet in sorted(sheets[:20], key=lambda sheet: sheet is not active):
        sheet.reset_dimensions()  # what a file says of its size is not to be believed
        empty, any_row = 0, False
        for row in sheet.iter_rows(max_row=MAX_ROWS + _EMPTY_ROWS, max_col=MAX_COLUMNS, values_only=True):
            cells = [_cell(value) for value in row]
            is_empty = not any(cells)
            empty = empty + 1 if is_empty else 0
            any_row = any_row or not is_empty
            if empty > _EMPTY_ROWS:
                break
            yield cells
        if any_row:
            return


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        if value != value or abs(value) >= 1e15:
            return ""
        return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
    return str(value)
