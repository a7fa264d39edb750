"""What the customer has promised and asked, as the portal's pages show it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.india import india_date
from accounts.models import Party
from accounts.money import rupees
from ledger import promises
from ledger import talks as ledger_talks
from ledger.models import Invoice, Promise
from ledger.talks import Row, Talk


def of_party(party: Party) -> list[Row]:
    """What stands for all of the party: one query."""
    return rows(party, ledger_talks.of_party(party))


def of_document(party: Party, document: ledger_talks.Document) -> list[Row]:
    return rows(party, ledger_talks.of_document(document))


def rows(party: Party, found: list[Talk]) -> list[Row]:
    def address(talk: Talk) -> str:
        where = {"party": party.public_id}
        if talk.is_promise:
            query = {"invoice": talk.invoice_public_id} if talk.invoice_public_id else None
            return reverse("portal:promise", kwargs=where, query=query)
        if talk.talk == "balance":
            return reverse("portal:balance", kwargs=where, query={"on": str(talk.on)})
        return reverse("portal:query", kwargs=where | {"query": talk.public_id})

    return ledger_talks.rows(found, address)


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise in the history. `stands`: it was neither replaced nor taken back."""

    public_id: str
    invoice_id: int | None
    amount: str
    day: str
    note: str
    text: str
    badge: str
    state: str
    stands: bool


def promised(promise: Promise) -> Promised:
    """Of one read `with_paid`, with invoice and made_by."""
    found = promises.standing(promise)
    badge, state = promises.words(found.state)
    who = promise.made_by.name if promise.made_by else _("through the invoice link")
    made = _("promised on %(date)s") % {"date": date_format(india_date(promise.made_at), "DATE_FORMAT")}
    came = ""
    if found.paid_paise and found.rest_paise:
        came = _("%(amount)s of it has come") % {"amount": rupees(found.paid_paise)}
    what = promise.invoice.number if isinstance(promise.invoice, Invoice) else _("for the whole balance")
    return Promised(
        public_id=promise.public_id,
        invoice_id=promise.invoice_id,
        amount=rupees(promise.amount_paise),
        day=date_format(promise.promised_on, "DATE_FORMAT"),
        note=" · ".join(filter(None, (what, made, who, came))),
        text=promise.note,
        badge=badge,
        state=state,
        stands=promise.status == Promise.Status.MADE,
    )
