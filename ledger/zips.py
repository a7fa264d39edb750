"""Several invoices as one ZIP file, streamed: one PDF is in memory at a time."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ledger import papers
from ledger.models import Invoice

MOST = 100
HOUR, MOST_AN_HOUR = 60 * 60, 60  # files of a party, and of a shop: each may be a hundred drawings
CHOSEN = "invoice"  # the name of the boxes in a list


class ZipRefused(Exception):
    """Nothing was chosen, or too much; `why` is "none" or "many", for `words`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def words(why: str) -> str:
    """What the list says of a refusal; "" for anything else."""
    if why == "none":
        return _("Tick at least one invoice first.")
    return _("One file holds at most %(most)d invoices. Choose fewer.") % {"most": MOST} if why == "many" else ""


class NotThere(Exception):
    """One of the ids is no issued document of those that may be chosen: 404."""


def chosen(invoices: QuerySet[Invoice], query: QueryDict) -> list[Invoice]:
    """The documents that `?invoice=...&invoice=...` names among `invoices` (scoped by the caller): one query.

    In the order of the list. Raises ZipRefused and NotThere.
    """
    wanted = set(query.getlist(CHOSEN))
    if not wanted:
        raise ZipRefused("none")
    if len(wanted) > MOST:
        raise ZipRefused("many")
    found = invoices.exclude(status=Invoice.Status.DRAFT).filter(public_id__in=wanted)
    rows = list(found.select_related("open_item", "original", "replaces").order_by("-issued_on", "-pk"))
    if len(rows) != len(wanted):
        raise NotThere
    return rows


def names(invoices: Iterable[Invoice]) -> list[str]:
    """File names without their ending, each once: numbers begin anew every year, and a credit note has its own series."""
    made: list[str] = []
    taken: set[str] = set()
    for invoice in invoices:
        plain = invoice.number.replace("/", "-")
        name, again = plain, 1
        while name.lower() in taken:  # some systems tell no A from a
            again += 1
            name = f"{plain} ({again})"
        taken.add(name.lower())
        made.append(name)
    return made


class Sent:
    """A file for zipfile that cannot be read again: it keeps only what came last."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        content = b"".join(self.parts)
        self.parts.clear()
        return content


def chunks(invoices: Sequence[Invoice], language: str = "") -> Iterator[bytes]:
    """The ZIP file in pieces, one for each document; each invoice with business and party.

    A document too long for a PDF is named in a text file instead. `language` "": that of the party.
    """
    sent: Any = Sent()
    now = timezone.localtime().timetuple()[:6]
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_STORED) as archive:  # a PDF is compressed already
        for invoice, name in zip(invoices, names(invoices), strict=True):
            ending, content = _content(invoice, language)
            archive.writestr(zipfile.ZipInfo(f"{name}.{ending}", now), content)
            yield sent.take()
    yield sent.take()


def _content(invoice: Invoice, language: str) -> tuple[str, bytes]:
    try:
        return "pdf", papers.of_invoice(invoice, language)
    except papers.TooLong as error:
        with translation.override(language or invoice.party.language):
            text = _("%(number)s has %(lines)d lines: too many for a PDF. Its page shows them all.")
        return "txt", (text % {"number": invoice.number, "lines": error.lines}).encode()
