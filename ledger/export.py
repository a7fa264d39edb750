"""A report as a file that a spreadsheet opens: CSV and XLSX, streamed row by row.

Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"); amounts and
quantities are numbers and dates are dates, so a negative amount stays a number.
"""

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from accounts.money import plain
from ledger.reports import Column, Kind, Row

MOST_XLSX_ROWS = 20_000  # of 18 columns: about ten seconds of work; a CSV file has no end
_CHUNK = 64 * 1024
_BOM = "\ufeff"  # without it Excel reads UTF-8 as something else
# What begins a formula, also in full width, and what a spreadsheet skips before it.
_FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# No XML can hold these, and nobody means them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TooLong(Exception):
    """More rows than an XLSX file is made of here."""


def text(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    clean = _CONTROL.sub("", str(value))
    return f"'{clean}" if _FORMULA.match(clean) else clean


def _decimal(value: int, places: int) -> Decimal:
    return Decimal(value).scaleb(-places)


_AS_TEXT: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: text,
    Kind.DATE: dt.date.isoformat,
    Kind.PAISE: plain,
    Kind.MILLI: lambda value: str(_decimal(value, 3)),
    Kind.RATE: lambda value: str(_decimal(value, 2)),
    Kind.COUNT: str,
}


class _Written:
    """A file for csv.writer that keeps only what came last."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, part: str) -> int:
        self.parts.append(part)
        return len(part)


def csv_chunks(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    """A CSV file (RFC 4180, UTF-8 with a mark for Excel) in pieces of about 64 kB."""
    written = _Written()
    writer = csv.writer(written)
    written.write(_BOM)
    writer.writerow([text(column.title) for column in columns])
    as_text = [_AS_TEXT[column.kind] for column in columns]
    size = 0
    for row in rows:
        writer.writerow(["" if value is None else write(value) for write, value in zip(as_text, row, strict=True)])
        size += len(written.parts[-1])
        if size > _CHUNK:
            yield "".join(written.parts)
            written.parts.clear()
            size = 0
    yield "".join(written.parts)


_FORMATS = {
    Kind.TEXT: "@",
    Kind.DATE: "dd-mm-yyyy",
    Kind.PAISE: "0.00",
    Kind.MILLI: "0.000",
    Kind.RATE: "0.00",
    Kind.COUNT: "0",
}
_WIDTHS = {Kind.TEXT: 18, Kind.DATE: 12, Kind.PAISE: 15, Kind.MILLI: 13, Kind.RATE: 8, Kind.COUNT: 10}
_AS_CELL: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: text,
    Kind.DATE: lambda value: value,
    Kind.PAISE: lambda value: _decimal(value, 2),
    Kind.MILLI: lambda value: _decimal(value, 3),
    Kind.RATE: lambda value: _decimal(value, 2),
    Kind.COUNT: lambda value: value,
}


def xlsx_file(title: str, columns: Sequence[Column], rows: Iterable[Row]) -> IO[bytes]:
    """An XLSX file, made on disk and open at its beginning; closing it deletes it. Raises TooLong."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31].strip())
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[column.kind]
    try:
        _fill(sheet, columns, rows)
    except BaseException:
        sheet.close()  # else its temporary file waits for the end of the process
        raise
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer that sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _fill(sheet: WriteOnlyWorksheet, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    bold = Font(bold=True)
    head = []
    for column in columns:
        cell = WriteOnlyCell(sheet, text(column.title))
        cell.font = bold
        head.append(cell)
    sheet.append(head)
    # One cell a column, filled again for each row: a row is written out before the next is made.
    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet)
        cell.number_format = _FORMATS[column.kind]
        cells.append(cell)
    as_cell = [_AS_CELL[column.kind] for column in columns]
    for number, row in enumerate(rows):
        if number >= MOST_XLSX_ROWS:
            raise TooLong
        for cell, make, value in zip(cells, as_cell, row, strict=True):
            cell.value = None if value is None else make(value)
        sheet.append(cells)
