"""The short address printed on invoices and credit notes: whoever holds the paper asks the shop's book about it.

Token = the document's public id (12 letters and digits) and 11 more, base 62 of a 64-bit HMAC-SHA256 over it. There is
no row for it and no end of it: it says no more than the paper's own head does, so it outlives every share link.
Statements have none: nothing of them is frozen that could be asked for.
"""

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import segno
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Business
from accounts.money import rupees
from ledger import facts
from ledger.links import base62
from ledger.models import Invoice

FORMAT = b"sharedledger-verify-1"
_TOKEN = re.compile(r"([0-9a-z]{12})([0-9A-Za-z]{11})", re.ASCII)
HASH_SHOWN = 12
DETAILS: dict[str, str | Promise] = {
    "upi_id": gettext_lazy("UPI id"),
    "bank_account": gettext_lazy("Account number"),
    "bank_ifsc": gettext_lazy("IFSC"),
}


class Unknown(Exception):
    """No token of ours, or of a document that can no longer be asked about: 404."""


def _mac(signing_key: str, public_id: str) -> str:
    digest = hmac.new(signing_key.encode(), FORMAT + b"|" + public_id.encode(), hashlib.sha256).digest()
    return base62(int.from_bytes(digest[:8]), 11)


def token(invoice: Invoice) -> str:
    """23 letters and digits, signed with the newest key; the same for ever while that key stays."""
    return invoice.public_id + _mac(settings.LINK_KEYS[0], invoice.public_id)


def read_token(text: str) -> str:
    """The public id inside a genuine token. Raises Unknown; asks no database."""
    match = _TOKEN.fullmatch(text)
    if not match:
        raise Unknown
    public_id, mac = match.groups()
    # Every key is tried, so that time does not tell which one fits.
    fits = [hmac.compare_digest(mac, _mac(signing_key, public_id)) for signing_key in settings.LINK_KEYS]
    if True not in fits:
        raise Unknown
    return str(public_id)


def path(invoice: Invoice) -> str:
    return reverse("portal:verify", kwargs={"token": token(invoice)})


def slot(invoice: Invoice) -> dict[str, str] | None:
    """What a paper shows: `url`, its `path`, `qr` (data URI of an SVG) and `hash` (its first digits). No query.

    None for a draft.
    """
    if invoice.status == Invoice.Status.DRAFT:
        return None
    where = path(invoice)
    url = settings.SITE_URL + where
    return {"url": url, "path": where, "qr": _qr(url), "hash": short_hash(invoice.facts_hash)}


@lru_cache(maxsize=512)
def _qr(url: str) -> str:
    return str(segno.make(url, error="m", micro=False).svg_data_uri(border=2, light="#fff"))


def short_hash(digits: str) -> str:
    """The first twelve digits in fours, as people compare them: "3fa2 b1c4 d5e6"."""
    return " ".join(digits[at : at + 4] for at in range(0, HASH_SHOWN, 4)).strip()


def read(text: str) -> Invoice:
    """The document behind a token, with business, original, `is_replaced` and `credited_paise`: one query.

    Raises Unknown.
    """
    found = Invoice.objects.exclude(status=Invoice.Status.DRAFT).filter(business__is_active=True)
    found = found.select_related("business", "original").annotate(
        is_replaced=Exists(_same_party(replaces_id=OuterRef("pk"))), credited_paise=_credited()
    )
    invoice = found.filter(public_id=read_token(text)).first()
    if invoice is None:
        raise Unknown
    return invoice


def _same_party(**which: Any) -> QuerySet[Invoice]:
    return Invoice.objects.filter(
        business_id=OuterRef("business_id"), party_id=OuterRef("party_id"), status=Invoice.Status.ISSUED, **which
    )


def _credited() -> Any:
    notes = _same_party(original_id=OuterRef("pk"), kind=Invoice.Kind.CREDIT_NOTE).order_by()
    return notes.values("original_id").annotate(paise=Sum("total_paise")).values("paise")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the book says of one document. `tone`: good, warn, bad. Nothing of the buyer, the lines or the balance."""

    tone: str
    heading: str
    sentence: str
    agrees: bool
    facts: list[tuple[str, str]]
    pay: list[tuple[str, str]]
    changed: list[str]
    gone: list[str]

    @property
    def copied(self) -> list[str]:
        """The labels of what a payer copies into an app or a form."""
        return [str(label) for label in DETAILS.values()]

    @property
    def is_payable(self) -> bool:
        return bool(self.pay or self.gone)


def answer(invoice: Invoice) -> Answer:
    """What to tell of a document that `read` gave: one query (its lines). The hash is computed anew from the rows."""
    agrees = hmac.compare_digest(facts.hash_of(invoice, invoice.lines.all()), invoice.facts_hash)
    tone, heading, sentence = _verdict(invoice, agrees)
    payable = agrees and invoice.kind == Invoice.Kind.INVOICE and _stands(invoice)
    changed, gone = _changes(invoice.seller, invoice.business) if payable else ([], [])
    return Answer(
        tone=tone,
        heading=heading,
        sentence=sentence,
        agrees=agrees,
        facts=_facts(invoice),
        pay=_pay(invoice.business) if payable else [],
        changed=changed,
        gone=gone,
    )


def _stands(invoice: Any) -> bool:
    if invoice.status != Invoice.Status.ISSUED or invoice.is_replaced:
        return False
    return not invoice.credited_paise or invoice.credited_paise < invoice.total_paise


def _verdict(invoice: Any, agrees: bool) -> tuple[str, str, str]:
    """(tone, heading, sentence)."""
    ask = _("Pay nothing on this paper before you have asked the shop on a number you know.")
    if not agrees:
        what = _("What is kept of this document is not what was issued.")
        return "bad", _("This document cannot be confirmed"), f"{what} {ask}"
    if invoice.status == Invoice.Status.CANCELLED:
        day = {"day": date_format(localtime(invoice.cancelled_at), "DATE_FORMAT")}
        words = _("The shop cancelled it on %(day)s. Nothing is to be paid on it.") % day
        newer = " " + _("A newer invoice took its place.") if invoice.is_replaced else ""
        return "bad", _("This paper was cancelled"), words + newer
    if invoice.is_replaced:
        return (
            "bad",
            _("This invoice was replaced"),
            _("A newer invoice took its place. Nothing is to be paid on this one."),
        )
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return "good", _("This credit note stands"), _("The shop issued it, and it was not cancelled.")
    if not _stands(invoice):
        return (
            "warn",
            _("This invoice was credited in full"),
            _("A credit note took all of it back. Nothing is to be paid on it."),
        )
    if invoice.credited_paise:
        text = _("The shop issued it. A part of it was taken back by a credit note: less is to be paid than it says.")
        return "warn", _("This invoice was credited in part"), text
    return "good", _("This invoice stands"), _("The shop issued it, and it was neither cancelled nor replaced.")


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    return [
        (_("Shop"), invoice.seller.get("name", "")),
        (_("Number"), invoice.number),
        (_("Date"), date_format(invoice.issued_on, "DATE_FORMAT")),
        (_("Total"), rupees(invoice.total_paise)),
    ]


def _pay(business: Business) -> list[tuple[str, str]]:
    """The details that are right today; the name is what the payer's app or bank will show."""
    rows = [(_("UPI id"), business.upi_id)]
    if business.bank_account:
        rows += [
            (_("Account number"), business.bank_account),
            (_("IFSC"), business.bank_ifsc),
            (_("Bank"), business.bank_name),
        ]
    rows = [row for row in rows if row[1]]
    return [*rows, (_("Name"), business.name)] if rows else []


def _changes(at_issue: Mapping[str, Any], business: Business) -> tuple[list[str], list[str]]:
    """Which details are others than at issue, and which the shop no longer has; none that were not there at issue."""
    changed: list[str] = []
    gone: list[str] = []
    for field, label in DETAILS.items():
        then, now = at_issue.get(field) or "", getattr(business, field)
        if then and then != now:
            (changed if now else gone).append(str(label))
    return changed, gone


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    on_paper: str
    in_book: str


def compare(invoice: Invoice, total_paise: int, dated_on: dt.date) -> list[Difference]:
    """Where the reader's paper differs from the book in total (paise) or date; [] when both agree."""
    found = []
    if total_paise != invoice.total_paise:
        found.append(Difference(_("Total"), rupees(total_paise), rupees(invoice.total_paise)))
    if dated_on != invoice.issued_on:
        days = (date_format(day, "DATE_FORMAT") for day in (dated_on, invoice.issued_on))
        found.append(Difference(_("Date"), *days))
    return found
