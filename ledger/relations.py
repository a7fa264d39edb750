"""A document among the others: what it replaces, what replaced it, the credit notes it got; what can be done with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.money import rupees
from ledger import drafting
from ledger.listing import address_of, day
from ledger.models import Invoice


@dataclass(frozen=True, slots=True)
class Related:
    """Another document: words that say how it belongs here, its number with its page, and what is to be known."""

    words: str
    number: str
    href: str
    note: str


@dataclass(frozen=True, slots=True)
class Relations:
    """Documents that belong to one, and (label, address) of what its shop can do with it."""

    documents: list[Related] = field(default_factory=list)
    actions: list[tuple[str, str]] = field(default_factory=list)


def of(invoice: Invoice, slug: str) -> Relations:
    """One query; none for a draft that replaces nothing."""
    if invoice.status == Invoice.Status.DRAFT:
        return Relations()
    near = Invoice.objects.filter(business_id=invoice.business_id).filter(
        Q(original=invoice) | Q(replaces=invoice) | Q(pk=invoice.replaces_id)
    )
    documents = list(near.exclude(status=Invoice.Status.DRAFT).order_by("pk"))
    return Relations([_related(invoice, other, slug) for other in documents], _actions(invoice, documents, slug))


def _related(invoice: Invoice, other: Invoice, slug: str) -> Related:
    if other.original_id == invoice.pk:
        words = _("Credit note")
    else:
        words = _("Replaces") if other.pk == invoice.replaces_id else _("Replaced by")
    cancelled = _("cancelled") if other.status == Invoice.Status.CANCELLED else ""
    note = " · ".join(filter(None, (rupees(other.total_paise), day(other.issued_on), cancelled)))
    return Related(words, other.number, address_of(other, slug), note)


def _actions(invoice: Invoice, documents: Iterable[Invoice], slug: str) -> list[tuple[str, str]]:
    if invoice.status != Invoice.Status.ISSUED:
        return []
    here = {"slug": slug, "invoice": invoice.public_id}
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return [(_("Change what it settles"), reverse("ledger:credit_settles", kwargs=here))]
    notes = [note for note in documents if note.original_id == invoice.pk and note.status == Invoice.Status.ISSUED]
    replaced = any(other.replaces_id == invoice.pk and other.status == Invoice.Status.ISSUED for other in documents)
    actions = []
    if sum(note.total_paise for note in notes) < invoice.total_paise:
        actions.append((_("Write a credit note"), reverse("ledger:invoice_credit", kwargs=here)))
        if not replaced and not notes:
            actions.append((_("Correct it by a new invoice"), reverse("ledger:invoice_amend", kwargs=here)))
    if invoice.due_paise:
        where = reverse("ledger:adjustment_new", kwargs={"slug": slug}, query={"invoice": invoice.public_id})
        actions.append((_("Write off what is due"), where))
    return actions


def hsn_problems(draft: Invoice) -> list[str]:
    """What keeps a draft from being issued as a tax invoice: its lines, and what their HSN lacks."""
    lines = list(draft.lines.all())
    problems = drafting.hsn_problems(draft.business, draft.party, lines)
    return [
        _("Line %(n)d, %(line)s: %(problem)s") % {"n": index + 1, "line": lines[index].description, "problem": problem}
        for index, problem in problems.items()
    ]
