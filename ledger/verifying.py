"""The short address printed on papers: whoever holds the paper asks the shop's book about it (ledger.confirming).

Invoice, credit note, receipt: the paper's public id (12 letters and digits) and 11 more, base 62 of a 64-bit HMAC-SHA256
over its kind and id. Statement: 50 letters and digits, base 62 of what it says (party, days, day it was made, closing
balance, 64 bits of its hash) and a 64-bit HMAC over that: nothing of it is kept, so the paper brings it along.
There is no row for an address and no end of it: it says no more than the paper's own head, so it outlives share links.
"""

import datetime as dt
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from functools import lru_cache

import segno
from django.conf import settings
from django.urls import reverse

from accounts.models.ids import ALPHABET as ID_LETTERS
from ledger.links import base62, number_of
from ledger.models import Invoice, Payment
from ledger.statement_facts import StatementFacts
from ledger.statements import BEGINNING, Period

FORMAT = b"sharedledger-verify-1"
RECEIPT, STATEMENT = b"|receipt", b"|statement"
HASH_SHOWN = 12
_TOKEN = re.compile(r"([0-9a-z]{12})([0-9A-Za-z]{11})", re.ASCII)
_MAC_BYTES, _MAC_LETTERS = 8, 11
# Of a statement: the party's id, then first day, last day and day it was made, counted from BEGINNING; then the closing
# balance in paise (7 bytes, signed) and the beginning of its hash.
_HEAD, _CLOSING_BYTES, _HASH_BYTES = struct.Struct(">QHHH"), 7, 8
_BYTES = _HEAD.size + _CLOSING_BYTES + _HASH_BYTES + _MAC_BYTES
STATEMENT_LETTERS = 50  # of base 62, for _BYTES


class Unknown(Exception):
    """No token of ours, or of a document that can no longer be asked about: 404."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a genuine token names: an invoice or a receipt by its public id, or a statement by its facts."""

    invoice: str = ""
    receipt: str = ""
    statement: StatementFacts | None = None


# --- addresses ----------------------------------------------------------------------------------------------


def token(paper: Invoice | Payment) -> str:
    """23 letters and digits, signed with the newest key; the same for ever while that key stays."""
    kind = RECEIPT if isinstance(paper, Payment) else b""
    return paper.public_id + _seal(_mac(settings.LINK_KEYS[0], kind, paper.public_id.encode()))


def statement_token(facts: StatementFacts) -> str | None:
    """50 letters and digits; None for days or a balance beyond what a token holds."""
    days = [(day - BEGINNING).days for day in (facts.period.start, facts.period.end, facts.made_on)]
    try:
        head = _HEAD.pack(int(facts.party_id, 36), *days)
        closing = facts.closing_paise.to_bytes(_CLOSING_BYTES, signed=True)
    except (struct.error, OverflowError):
        return None
    said = head + closing + facts.hash[:_HASH_BYTES]
    return base62(int.from_bytes(said + _mac(settings.LINK_KEYS[0], STATEMENT, said)), STATEMENT_LETTERS)


def read_token(text: str) -> Asked:
    """What a genuine token names. Raises Unknown; asks no database."""
    if match := _TOKEN.fullmatch(text):
        public_id, seal = match.groups()
        number = number_of(seal)
        mac = number.to_bytes(_MAC_BYTES) if number is not None and number < 1 << 8 * _MAC_BYTES else b""
        # Both kinds are tried, so that time does not tell which one fits.
        is_invoice, is_receipt = (_fits(kind, public_id.encode(), mac) for kind in (b"", RECEIPT))
        if is_invoice or is_receipt:
            return Asked(invoice=public_id) if is_invoice else Asked(receipt=public_id)
    number = number_of(text) if len(text) == STATEMENT_LETTERS else None
    if number is not None and number < 1 << 8 * _BYTES:
        raw = number.to_bytes(_BYTES)
        if _fits(STATEMENT, raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]):
            return Asked(statement=_facts(raw))
    raise Unknown


def _facts(raw: bytes) -> StatementFacts:
    party, *days = _HEAD.unpack_from(raw)
    start, end, made_on = (BEGINNING + dt.timedelta(days=day) for day in days)
    closing = raw[_HEAD.size : _HEAD.size + _CLOSING_BYTES]
    at = _HEAD.size + _CLOSING_BYTES
    return StatementFacts(
        party_id=_base36(party),
        period=Period(start, end),
        made_on=made_on,
        closing_paise=int.from_bytes(closing, signed=True),
        hash=raw[at : at + _HASH_BYTES],
    )


def _base36(number: int) -> str:
    letters = []
    for _ in range(12):
        number, value = divmod(number, 36)
        letters.append(ID_LETTERS[value])
    return "".join(reversed(letters))


def _mac(signing_key: str, kind: bytes, said: bytes) -> bytes:
    return hmac.new(signing_key.encode(), FORMAT + kind + b"|" + said, hashlib.sha256).digest()[:_MAC_BYTES]


def _seal(mac: bytes) -> str:
    return base62(int.from_bytes(mac), _MAC_LETTERS)


def _fits(kind: bytes, said: bytes, mac: bytes) -> bool:
    """Whether a key of ours made `mac`; every key is tried."""
    return True in [hmac.compare_digest(mac, _mac(key, kind, said)) for key in settings.LINK_KEYS]


# --- on the paper -------------------------------------------------------------------------------------------


def slot(invoice: Invoice) -> dict[str, str] | None:
    """What an invoice or credit note shows: `url`, its `path`, `qr` (data URI of an SVG) and `hash` (its first digits).

    None for a draft. No query.
    """
    if invoice.status == Invoice.Status.DRAFT:
        return None
    return _slot(token(invoice), invoice.facts_hash)


def receipt_slot(payment: Payment) -> dict[str, str]:
    """The same for a receipt, which has no hash: its few facts stand on the page."""
    return _slot(token(payment), "")


def statement_slot(facts: StatementFacts) -> dict[str, str] | None:
    """The same for a statement; None when it says more than a token holds."""
    text = statement_token(facts)
    return _slot(text, facts.hash.hex()) if text else None


def path(paper: Invoice | Payment) -> str:
    return reverse("portal:verify", kwargs={"token": token(paper)})


def _slot(text: str, digits: str) -> dict[str, str]:
    where = reverse("portal:verify", kwargs={"token": text})
    url = settings.SITE_URL + where
    return {"url": url, "path": where, "qr": _qr(url), "hash": short_hash(digits)}


@lru_cache(maxsize=512)
def _qr(url: str) -> str:
    return str(segno.make(url, error="m", micro=False).svg_data_uri(border=2, light="#fff"))


def short_hash(digits: str) -> str:
    """The first twelve digits in fours, as people compare them: "3fa2 b1c4 d5e6"."""
    return " ".join(digits[at : at + 4] for at in range(0, HASH_SHOWN, 4)).strip()
