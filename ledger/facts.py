"""The facts of an issued document in one canonical form, and their hash: what every paper about it must agree with.

The hash is taken at issue and frozen with the document. It is over the facts and not over the bytes of a PDF, so that
any style, language and release of the software gives papers of the same document.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

FORMAT = 1  # of the canonical form; a change of it is a new number, and old hashes stay what they are
HEAD = (
    "kind",
    "label",
    "number",
    "reference",
    "notes",
    "place_of_supply",
    "is_inter_state",
    "supply_kind",
    "under_lut",
    "reverse_charge",
    "reason",
    "seller",
    "buyer",
    "ship_to",
    "discount_paise",
    "taxable_paise",
    "cgst_paise",
    "sgst_paise",
    "igst_paise",
    "cess_paise",
    "untaxed_paise",
    "round_off_paise",
    "total_paise",
)
LINE = (
    "position",
    "description",
    "hsn",
    "unit",
    "quantity_milli",
    "unit_price_e4",
    "price_includes_tax",
    "is_charge",
    "discount_paise",
    "document_discount_paise",
    "gst_rate_bp",
    "cess_rate_bp",
    "cess_per_unit_e4",
    "taxable_paise",
    "cgst_paise",
    "sgst_paise",
    "igst_paise",
    "cess_paise",
    "untaxed_paise",
    "total_paise",
)


def canonical(invoice: Any, lines: Iterable[Any]) -> bytes:
    """JSON in UTF-8, keys sorted, no spaces: the frozen fields of the document, its dates, and its lines in order."""
    facts = {name: getattr(invoice, name) for name in HEAD}
    facts |= {"format": FORMAT, "issued_on": f"{invoice.issued_on:%Y-%m-%d}", "due_on": f"{invoice.due_on:%Y-%m-%d}"}
    if original := invoice.original:
        facts["original"] = [original.number, f"{original.issued_on:%Y-%m-%d}"]
    ordered = sorted(lines, key=lambda line: line.position)
    facts["lines"] = [[getattr(line, name) for name in LINE] for line in ordered]
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(invoice: Any, lines: Iterable[Any]) -> str:
    """SHA-256 of the canonical facts: 64 hexadecimal digits. The document has its number and its snapshots."""
    return hashlib.sha256(canonical(invoice, lines)).hexdigest()
