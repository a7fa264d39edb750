"""What an issued document keeps of both sides, so that a later change of name or address changes no paper."""

from collections.abc import Sequence
from typing import Any

from accounts.models import Business, Party
from ledger import gst
from ledger.models import Invoice, InvoiceLine

POSTAL = ("name", "gstin", "address", "city", "pin_code", "state_code", "email")
BUSINESS_ONLY = ("scheme", "upi_id", "bank_name", "bank_account", "bank_ifsc", "terms", "lut_number")


OF_THE_TAX = ("name", "gstin", "state_code", "scheme", "lut_number")


def of_business(business: Business) -> dict[str, Any]:
    return {key: getattr(business, key) for key in POSTAL + BUSINESS_ONLY} | {"phone": str(business.phone or "")}


def of_party(party: Party) -> dict[str, Any]:
    # From all of the few people, so that a batch can have fetched them before.
    person = next((person for person in party.people.all() if person.is_main), None)
    return {key: getattr(party, key) for key in POSTAL} | {"phone": str(person.phone) if person else ""}


def freeze(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Set seller, buyer and label on the draft about to be issued; the caller saves."""
    invoice.seller = of_business(invoice.business)
    invoice.buyer = of_party(invoice.party)
    if original := invoice.original:  # a note corrects what was billed then, to whom it was billed then
        invoice.buyer = original.buyer
        invoice.seller |= {key: original.seller[key] for key in OF_THE_TAX if key in original.seller}
    invoice.label = label_for(invoice, lines)


def label_for(invoice: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """The document's title by its content (gst.document_label); a credit note is a credit note."""
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return "Credit Note"
    return gst.document_label(lines, invoice.business.scheme, recipient_registered=bool(invoice.party.gstin)).value
