"""The papers there are: what goes into each PDF, and how each is made once and kept.

A paper is kept by a key that names all it shows: the frozen facts by their hash, and what lives beside them. So a
kept paper is never wrong, only no longer asked for; after 30 days it is forgotten.
"""

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone, translation

from accounts import background
from accounts.colours import USUAL, readable
from accounts.models import Business
from accounts.money import rupees
from ledger import paper, pdf, verifying
from ledger.models import Invoice, Paper

logger = logging.getLogger(__name__)
# A line costs about 6 ms and 0.2 MiB. With more than the first a bill is drawn in the background, with more than the
# second not at all: its lines are a page and a file.
AT_ONCE_LINES, MAX_LINES = 300, 1000
REFRESH_SECONDS, MAX_WAITS = 4, 30
# Longer than the longest render: then whoever waits takes over from a process that died.
LEASE = dt.timedelta(minutes=3)
KEPT, DAY = dt.timedelta(days=30), dt.timedelta(days=1)
POLL_SECONDS = 0.1
REFUSED = b""  # the content of a paper that took too much to draw
# Above this, the address of delivery stands on the bill of a buyer without a GSTIN (Rule 46(e)); paise.
DELIVERY_SHOWN_FROM = 50_000_00
# Longer figures than "99,999.99" and "9,99,999.99" get wider columns and smaller print.
NARROW, WIDE_FROM = 9, 10_00_000_00
DENSE_FROM = 200  # letters in a UPI address; a name in Hindi makes so many squares that the code must be larger


class TooLong(Exception):
    """More lines than a PDF is made of, or lines that take too much to draw."""

    def __init__(self, lines: int) -> None:
        super().__init__(f"{lines} lines")
        self.lines = lines


class Preparing(Exception):
    """A long one is being made; ask again in REFRESH_SECONDS, and say that it is the time number `waited`."""

    def __init__(self, waited: int) -> None:
        super().__init__("being made")
        self.waited = waited


# --- Made once ----------------------------------------------------------------------------------------------


def kept(business_id: int, party_id: int, shows: dict[str, Any], make: Callable[[], bytes]) -> bytes:
    """The PDF that shows `shows` (JSON: facts and all else that is printed), made by `make` if nobody has yet.

    Of many who ask at once, in any process, one makes it and the others wait. When that one has said nothing for as
    long as LEASE, another takes over. What took too much to draw is not tried again: raises pdf.TooLarge. Where nothing
    can be written now it is made and not kept.
    """
    key = key_of(shows)
    while True:
        found = Paper.objects.filter(business_id=business_id, key=key).first()
        if found is not None and found.content is not None:
            return _content(found)
        try:
            claim = _claim(business_id, party_id, key, found)
        except OperationalError:
            return make()
        if claim is not None:
            return _make(claim, make)
        time.sleep(POLL_SECONDS)


def ready(business_id: int, shows: dict[str, Any]) -> bytes | None:
    """The PDF that shows `shows`, when somebody has made it; does not wait. Raises pdf.TooLarge."""
    found = Paper.objects.filter(business_id=business_id, key=key_of(shows)).exclude(content=None).first()
    return _content(found) if found is not None else None


def kept_soon(business_id: int, shows: dict[str, Any], begin: Callable[[], None], waited: int) -> bytes | None:
    """The long paper that shows `shows` for somebody who waits at a page: what is ready, else Preparing is raised.

    `begin` has it made in the background when nobody has `waited` yet. Who has asked MAX_WAITS times gets None and makes
    it: perhaps nobody works in the background.
    """
    if (content := ready(business_id, shows)) is not None or waited >= MAX_WAITS:
        return content
    if not waited:
        begin()
    raise Preparing(waited + 1)


def key_of(shows: dict[str, Any]) -> str:
    """64 hexadecimal digits; another release of the software makes other papers."""
    text = json.dumps(shows | {"edition": edition()}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _claim(business_id: int, party_id: int, key: str, found: Paper | None) -> Paper | None:
    """The row that this call is to fill, or None while another fills it."""
    now = timezone.now()
    if found is None:
        try:
            with transaction.atomic():
                return Paper.objects.create(
                    business_id=business_id, party_id=party_id, key=key, claimed_at=now, asked_at=now
                )
        except IntegrityError:
            return None
    taken = Paper.objects.filter(pk=found.pk, content=None, claimed_at=found.claimed_at, claimed_at__lt=now - LEASE)
    if not taken.update(claimed_at=now):
        return None
    found.claimed_at = now
    return found


def _make(claim: Paper, make: Callable[[], bytes]) -> bytes:
    mine = Paper.objects.filter(pk=claim.pk, content=None, claimed_at=claim.claimed_at)
    try:
        content = make()
    except BaseException as error:
        if isinstance(error, pdf.TooLarge) and not isinstance(error, pdf.Late):
            mine.update(content=REFUSED)
        else:
            mine.delete()
        raise
    with suppress(OperationalError):
        mine.update(content=content)
    return content


def _content(found: Paper) -> bytes:
    if not found.content:
        raise pdf.TooLarge("it was tried before")
    _touch(found)
    return bytes(found.content)


def _touch(found: Paper) -> None:
    """At most one write a day for a paper that is asked for often."""
    now = timezone.now()
    if found.asked_at < now - DAY:
        with suppress(OperationalError):
            Paper.objects.filter(pk=found.pk).update(asked_at=now)


def forget_old() -> int:
    """Forget what nobody has asked for in 30 days; returns how many."""
    return Paper.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()[0]


@cache
def edition() -> str:
    """What this release of the software draws with: templates, sentences, code, WeasyPrint."""
    from weasyprint import __version__

    base = Path(settings.BASE_DIR)
    files = sorted(pdf.FOLDER.iterdir()) + sorted(base.glob("locale/*/LC_MESSAGES/django.mo"))
    code = ("drawing", "paper", "papers", "pdf", "statement_facts", "upi", "verifying")
    files += [base / "ledger" / f"{name}.py" for name in code]
    files += sorted(base.glob("ledger/words/*.py"))
    drawn = hashlib.sha256(__version__.encode())
    for file in files:
        drawn.update(file.read_bytes())
    return drawn.hexdigest()


# --- The invoice and the credit note ------------------------------------------------------------------------


def of_invoice(invoice: Invoice, language: str = "") -> bytes:
    """The PDF of an invoice or credit note, read with business, party and open item, in the party's language.

    A kept one costs one query; a draft's is made anew each time. Raises TooLong.
    """
    language = language or invoice.party.language
    if invoice.status == Invoice.Status.DRAFT:
        return render_invoice(invoice, language)
    shows = _shown(invoice, language)
    try:
        return kept(invoice.business_id, invoice.party_id, shows, lambda: _drawn(invoice, language))
    except pdf.TooLarge as error:
        raise TooLong(invoice.lines.count()) from error


def at_once(invoice: Invoice, *, waited: int = 0) -> bytes:
    """As `of_invoice`, for somebody who waits for the answer: a long one is made in the background.

    Raises Preparing, TooLong.
    """
    if invoice.status == Invoice.Status.DRAFT:
        return of_invoice(invoice)
    shows = _shown(invoice, invoice.party.language)
    try:
        if (content := ready(invoice.business_id, shows)) is not None:
            return content
    except pdf.TooLarge as error:
        raise TooLong(invoice.lines.count()) from error
    if AT_ONCE_LINES < (lines := invoice.lines.count()) <= MAX_LINES:
        from ledger import tasks  # which makes papers of all kinds, ours too

        kept_soon(invoice.business_id, shows, lambda: background.run(tasks.make_paper, invoice.pk), waited)
    elif lines > MAX_LINES:
        raise TooLong(lines)
    return of_invoice(invoice)


def _shown(invoice: Invoice, language: str) -> dict[str, Any]:
    """All that the paper of an issued document shows and that its frozen facts do not hold."""
    business = invoice.business
    # Asked once: the paper must be of one moment.
    invoice.is_replaced = paper.has_newer(invoice)  # type: ignore[attr-defined]
    living = ("name", "upi_id", "bank_name", "bank_account", "bank_ifsc")
    pictures = ("colour", "logo_id", "signature_id", "paper_style")
    return {name: getattr(business, name) for name in (*living, *pictures)} | {
        "paper": "invoice",
        "facts": invoice.facts_hash,
        "due": invoice.due_paise,
        "state": invoice.state,
        "cancelled": str(invoice.cancelled_at or ""),
        "replaces": invoice.replaces_id,
        "replaced": invoice.is_replaced,  # type: ignore[attr-defined]
        "verify": (verifying.slot(invoice) or {}).get("url", ""),
        "language": language,
    }


def render_invoice(invoice: Invoice, language: str) -> bytes:
    """Draw it now, whatever is kept. Raises TooLong."""
    try:
        return _drawn(invoice, language)
    except pdf.TooLarge as error:
        raise TooLong(invoice.lines.count()) from error


def _drawn(invoice: Invoice, language: str) -> bytes:
    """Raises pdf.TooLarge."""
    with translation.override(language):
        context = paper.context_of(invoice)
        if len(context["lines"]) > MAX_LINES:
            raise pdf.TooLarge(f"{len(context['lines'])} lines")
        context |= _standing(invoice, context)
    style = invoice.business.paper_style
    return pdf.write("invoice", context, language, sheets=(f"invoice_{style}.css",))


def _standing(invoice: Invoice, context: dict[str, Any]) -> dict[str, Any]:
    """What the paper shows beside the document itself: where it stands, how to pay, the shop's look."""
    business, due = invoice.business, invoice.due_paise
    owed = due if invoice.kind == Invoice.Kind.INVOICE else 0
    pay = paper.ways_to_pay(business, owed, number=invoice.number)
    settled = invoice.total_paise - due if invoice.status == Invoice.Status.ISSUED else 0
    return {
        "layout": f"pdf/invoice_{business.paper_style}.html",
        "colour": readable(business.colour or USUAL),
        "logo": pdf.picture(business.logo),
        "logo_mm": _width(business),
        "signature": pdf.picture(business.signature),
        "pay": pay,
        "pay_code": pdf.code(pay.upi_uri) if pay and pay.upi_uri else "",
        "dense": bool(pay and len(pay.upi_uri) >= DENSE_FROM),
        "verify": (verify := context["verify"]) and verify | {"qr": pdf.code(verify["url"])},
        "settled": rupees(settled) if settled else "",
        "rest": rupees(due),
        "delivered_here": not context["ship_to"] and _names_delivery(invoice, context["buyer"]),
        "wide": max(len(line.price) for line in context["lines"]) > NARROW or invoice.total_paise >= WIDE_FROM,
    }


def _names_delivery(invoice: Invoice, buyer: paper.Side) -> bool:
    """A large bill to a buyer without GSTIN names the address of delivery even when it is the buyer's own."""
    return not buyer.gstin and invoice.taxable_paise + invoice.untaxed_paise >= DELIVERY_SHOWN_FROM


def _width(business: Business) -> int:
    """Millimetres of the logo's column: as wide as the logo gets in its box (invoice_<style>.css), and a gap."""
    if business.logo is None:
        return 0
    wide, high = (22, 14) if business.paper_style == Business.PaperStyle.COMPACT else (34, 19)
    return min(wide, high * business.logo.width // business.logo.height) + 4
