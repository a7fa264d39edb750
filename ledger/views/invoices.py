"""Sales invoices: list, editor, one invoice, issue, cancel, PDF."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import paging
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import FormReused, earlier, once
from accounts.models import Party
from accounts.money import percent, rupees, unit_price
from accounts.phones import mask
from catalog.models import Item
from catalog.units import Units
from ledger import billing, credit_limits, drafting, paper, posting, relations, settled, talks, trail, zips
from ledger.credit_limits import Question
from ledger.drafting import DraftRefused
from ledger.editor import Editor
from ledger.forms import SHOW_INVOICES, SearchForm
from ledger.line_forms import BLANK_LINES, rate_key
from ledger.listing import chips, invoice_rows, search_documents, settlement_row, talk_rows
from ledger.models import Allocation, Invoice
from ledger.numbering import SeriesFull
from ledger.posting import PostingRefused
from ledger.sharing import Shown
from ledger.views import cancelling
from ledger.views.choosing import choose_party, chosen_party
from ledger.views.papers import invoice_answer
from ledger.views.sharing import panel_for

REFUSALS = (DraftRefused, PostingRefused, SeriesFull)
ITEMS_OFFERED = 12
ITEMS_WITHOUT_JS = 200
LINES_SHOWN = 60  # a phone scrolls a hundred screens past a bill of 700 lines


@require_safe
@business_page
def invoice_list(request: MerchantRequest) -> HttpResponse:
    business = request.business
    search = SearchForm(request.GET, label=_("Number, party or reference"), choices=SHOW_INVOICES)
    found = shown(business.invoices, search.chosen)
    if not search.text and not search.chosen:
        found = found.invoices()  # by its index; credit notes have a chip of their own, and searching finds them
    if search.text:
        found = found.filter(search_documents(search.text))
    page = paging.page(settled.marked(found.select_related("party", "open_item")), request.GET, ("-issued_on", "-pk"))
    context = {
        "section": "invoices",
        "search": search,
        "chips": chips(request.GET, "show", SHOW_INVOICES, search.chosen),
        "page": page,
        "rows": invoice_rows(page.rows, business.slug),
        "is_filtered": bool(search.text or search.chosen),
        "picking": "pick" in request.GET,
        "zip_refused": zips.words(request.GET.get("zip", "")),
    }
    return render(request, "ledger/invoice_list.html", context)


def shown(invoices: Any, which: str) -> Any:
    """A part of the documents; "unpaid" is everything on which something is still due, overdue or part paid too."""
    if which == "credit_note":
        return invoices.filter(kind=Invoice.Kind.CREDIT_NOTE)
    if which in (Invoice.Status.DRAFT, Invoice.Status.CANCELLED):
        return invoices.filter(status=which)
    words = {"unpaid": "open", "overdue": "overdue", "part_paid": "part_paid", "paid": "paid"}
    return getattr(invoices, words[which])() if which in words else invoices.all()


# --- editor -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_new(request: MerchantRequest) -> HttpResponse:
    party = chosen_party(request)
    if party is None:
        return choose_party(request, "ledger:invoice_new", _("Whom do you bill?"), "invoices")
    return _edit(request, party, None)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_edit(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = get_object_or_404(request.business.invoices.select_related("party"), public_id=invoice)
    found.party.business = request.business
    if found.status != Invoice.Status.DRAFT:
        if not _sent_before(request, found):
            messages.error(request, _("An issued invoice never changes. Cancel it, or write a credit note."))
        return redirect("ledger:invoice", slug=request.business.slug, invoice=found.public_id)
    return _edit(request, found.party, found)


def _sent_before(request: MerchantRequest, invoice: Invoice) -> bool:
    """Whether this very form has issued the invoice already: the second click of two."""
    if request.method != "POST":
        return False
    editor = Editor(request.business, invoice.party, request.POST, invoice)
    if not editor.is_valid():
        return False
    key, issue = editor.head.cleaned_data["form_key"], button(request) == "issue"
    try:
        return earlier(request.business, request.user, "invoice", key, _said(editor, issue)) == invoice.public_id
    except FormReused:
        return False


def _said(editor: Editor, issue: bool) -> dict[str, Any]:
    return editor.contents() | {"issue": issue, "invoice": editor.invoice and editor.invoice.pk}


def _edit(request: MerchantRequest, party: Party, invoice: Invoice | None) -> HttpResponse:
    if request.method != "POST":
        return _editor_page(request, Editor(request.business, party, invoice=invoice))
    editor = Editor(request.business, party, request.POST, invoice)
    do = button(request)
    if do not in ("draft", "issue"):
        blank = BLANK_LINES if do == "more" else 2
        return _editor_page(request, editor.with_more_lines(request.POST, blank))
    right = editor.is_valid() and (do == "draft" or editor.has_hsn())
    asked = _question(request, editor) if right and do == "issue" else None
    if right and not asked and (public_id := _save(request, editor, issue=do == "issue")):
        return redirect("ledger:invoice", slug=request.business.slug, invoice=public_id)
    return _editor_page(request, editor, 400, asked)


def button(request: MerchantRequest) -> str:
    """Which button of the editor: draft, issue (also the yes to a question), more (blank lines) or preview."""
    return "issue" if request.POST.get("sure") else request.POST.get("do", "preview")


def _question(request: MerchantRequest, editor: Editor) -> Question | None:
    """What to ask before it is issued; nothing when this very form has issued it already: the second click of two."""
    if not (asked := editor.question(request.POST.get("sure", ""))):
        return None
    key = editor.head.cleaned_data["form_key"]
    try:
        return None if earlier(request.business, request.user, "invoice", key, _said(editor, True)) else asked
    except FormReused:
        return asked


def _save(request: MerchantRequest, editor: Editor, *, issue: bool) -> str:
    """The public id of the saved invoice; "" when it was refused, with the reason on the form."""

    saved = None

    def act() -> str:
        nonlocal saved
        saved = billing.save(request.business, editor.draft(), request.user, invoice=editor.invoice, issue=issue)
        return saved.public_id

    try:
        key = editor.head.cleaned_data["form_key"]
        public_id, first = once(request.business, request.user, "invoice", key, _said(editor, issue), act)
    except REFUSALS as error:
        editor.head.add_error(None, str(error))
        return ""
    if first and saved:
        messages.success(request, _issued(saved) if issue else _("Draft saved."))
    return str(public_id)


def _issued(invoice: Invoice) -> str:
    if not invoice.open_item.settled_paise:
        return _("Issued. Share it now.")
    sums = {"amount": rupees(invoice.open_item.settled_paise)}
    return _("Issued. %(amount)s that they had with you in advance went towards it. Share it now.") % sums


def _editor_page(
    request: MerchantRequest, editor: Editor, status: int = 200, asked: Question | None = None
) -> HttpResponse:
    context = editor_context(request, editor) | {"asked": asked, "may_draft": True}
    return render(request, "ledger/invoice_edit.html", context, status=status)


def editor_context(request: MerchantRequest, editor: Editor) -> dict[str, Any]:
    preview = editor.preview()
    return {
        "section": "invoices",
        "editor": editor,
        "rows": [(form, preview.amounts.get(index, "")) for index, form in enumerate(editor.lines.forms)],
        "party": editor.party,
        "invoice": editor.invoice,
        "problems": editor.problems(),
        "preview": preview,
        "items": request.business.items.filter(is_active=True)
        .order_by("name")
        .values_list("name", "code")[:ITEMS_WITHOUT_JS],
    }


@require_POST
@business_page
def invoice_preview(request: MerchantRequest) -> HttpResponse:
    """Totals of what is typed so far; writes nothing. Tax is computed here and nowhere in the browser."""
    party = get_object_or_404(request.business.parties, public_id=request.POST.get("party", ""))
    party.business = request.business
    editor = Editor(request.business, party, request.POST)
    return render(request, "ledger/invoice_edit.html#totals", {"preview": editor.preview()})


@require_safe
@business_page
def invoice_items(request: MerchantRequest) -> HttpResponse:
    """Items for the picker: at most a dozen, those whose name begins with the text first."""
    search = SearchForm(request.GET, label=_("Item"))
    items = request.business.items.filter(is_active=True)
    if search.text:
        items = items.search(search.text)
    begins = Q(name__istartswith=search.text)
    found = [*items.filter(begins).order_by("name", "id")[:ITEMS_OFFERED]]
    if len(found) < ITEMS_OFFERED:
        found += items.exclude(begins).order_by("name", "id")[: ITEMS_OFFERED - len(found)]
    units = Units()
    return JsonResponse({"items": [_offer(item, units, request.business.charges_tax) for item in found]})


def _offer(item: Item, units: Units, taxed: bool) -> dict[str, str]:
    price = " / ".join(filter(None, (f"₹{unit_price(item.unit_price_e4)}", units.name(item.unit))))
    notes = [price, percent(item.gst_rate_bp) if taxed else "", item.code]
    if item.available_milli is not None:
        left = units.measured(item.available_milli, item.unit)
        notes.append(_("%(quantity)s in stock") % {"quantity": left})
    return {
        "id": item.public_id,
        "name": item.name,
        "hsn": item.hsn,
        "unit": item.unit,
        "price": unit_price(item.unit_price_e4, grouping=False),
        "gst": rate_key(item),
        "note": " · ".join(filter(None, notes)),
    }


# --- one invoice --------------------------------------------------------------------------------------------


@require_safe
@business_page
def invoice_page(request: MerchantRequest, invoice: str) -> HttpResponse:
    return _page(request, _invoice(request, invoice))


def _page(request: MerchantRequest, found: Invoice, status: int = 200, asked: Question | None = None) -> HttpResponse:
    party = found.party
    phone = str(party.phone or "")  # type: ignore[attr-defined]
    links = list(found.links.order_by("-id"))
    for link in links:
        link.party = party
    live = next((link for link in links if link.is_live), None)
    allocations = _allocations(found)
    settled_by = settled.of_read(allocations) if found.kind == Invoice.Kind.INVOICE else []
    events = trail.of_invoice(found, links, allocations if found.kind == Invoice.Kind.INVOICE else [])
    context = paper.context_of(found) | {
        "section": "invoices",
        "party": party,
        "phone": mask(phone) if phone else "",
        "standing": (standing := paper.standing_of(found, settled_by)),
        "sentence": sentence(found) or standing.sentence,
        "pay": paper.ways_to_pay(request.business, standing.due_paise, number=found.number),
        "panel": panel_for(live, Shown(party, invoice=found), phone) if live else None,
        "can_share": found.status == Invoice.Status.ISSUED and party.is_shared,
        "settled": settlement_rows(found, allocations, request.business.slug),
        "trail": events,
        "ladder": trail.ladder(events, paid=found.kind == Invoice.Kind.INVOICE) if links else [],
        "relations": relations.of(found, request.business.slug),
        "asked": asked,
        "talks": talk_rows(talks.of_document(found), request.business.slug, party.public_id) if found.number else [],
    }
    if found.status == Invoice.Status.DRAFT:
        context |= {"credit": credit_limits.of(party), "was_untaxed": drafting.was_untaxed(found)}
    if (more := len(context["lines"]) - LINES_SHOWN) > 0 and request.GET.get("lines") != "all":
        words = ngettext("Show %(n)d more line", "Show %(n)d more lines", more) % {"n": more}
        context |= {"lines": context["lines"][:LINES_SHOWN], "more_lines": words}
    return render(request, "ledger/invoice.html", context, status=status)


def sentence(invoice: Invoice) -> str:
    """Where the shop's words differ from those the customer reads; "" elsewhere."""
    if invoice.status == Invoice.Status.CANCELLED:
        return _("Cancelled. Nothing is to be paid on it.")
    if invoice.kind == Invoice.Kind.CREDIT_NOTE and invoice.status == Invoice.Status.ISSUED:
        if not invoice.due_paise:
            return _("Credit you gave, used in full.")
        return _("Credit you gave; %(rest)s of it is not used yet.") % {"rest": rupees(invoice.due_paise)}
    return ""


def _invoice(request: MerchantRequest, public_id: str) -> Invoice:
    """The document with party (and its number), open item and original, or 404."""
    found = get_object_or_404(
        request.business.invoices.select_related("open_item", "original", "created_by", "order"), public_id=public_id
    )
    found.party = request.business.parties.with_contact().get(pk=found.party_id)
    found.business = found.party.business = request.business
    return found


def _allocations(invoice: Invoice) -> list[Allocation]:
    """What settled this invoice, or what this credit note settled."""
    if invoice.status != Invoice.Status.ISSUED:
        return []
    side = "debit" if invoice.kind == Invoice.Kind.INVOICE else "credit"
    rows = Allocation.objects.filter(business_id=invoice.business_id, **{side: invoice.open_item})
    return list(rows.select_related("credit__payment", "credit__invoice", "credit__adjustment").order_by("pk"))


def settlement_rows(invoice: Invoice, allocations: list[Allocation], slug: str) -> list[dict[str, str]]:
    use_credit = invoice.kind == Invoice.Kind.INVOICE
    return [settlement_row(row, row.credit if use_credit else row.debit, slug) for row in allocations]


@require_POST
@business_page
def invoice_issue(request: MerchantRequest, invoice: str) -> HttpResponse:
    """Issue a draft as it is. Issuing twice issues once."""
    found = _invoice(request, invoice)
    if found.status == Invoice.Status.DRAFT and (problems := relations.hsn_problems(found)):
        for problem in problems:
            messages.error(request, problem)
        return _page(request, found, status=400)
    asked = credit_limits.question(found.party, found.total_paise) if found.status == Invoice.Status.DRAFT else None
    if asked and request.POST.get("sure") != asked.sure:
        return _page(request, found, 400, asked)
    try:
        issued = posting.issue(found, request.user)
    except (PostingRefused, SeriesFull) as error:
        messages.error(request, str(error))
    else:
        if found.status == Invoice.Status.DRAFT:
            messages.success(request, _issued(issued))
    return redirect("ledger:invoice", slug=request.business.slug, invoice=found.public_id)


@require_POST
@business_page
def invoice_discard(request: MerchantRequest, invoice: str) -> HttpResponse:
    """Delete a draft; sent twice, it leads to the same place twice."""
    slug = request.business.slug
    order = billing.order_of_discarded(request.business, invoice)
    if order is None:
        found = get_object_or_404(request.business.invoices.select_related("business", "order"), public_id=invoice)
        try:
            billing.discard(found, request.user)
        except DraftRefused as error:
            messages.error(request, str(error))
            return redirect("ledger:invoice", slug=slug, invoice=found.public_id)
        order = found.order.public_id if found.order else ""
    messages.success(request, _("The draft is gone; the order waits again.") if order else _("The draft is gone."))
    return redirect("catalog:order", slug=slug, order=order) if order else redirect("ledger:invoice_list", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def invoice_cancel(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = _invoice(request, invoice)
    return cancelling.answer(request, found, posting.cancel_invoice, _after_cancel(found), {"section": "invoices"})


def _after_cancel(before: Invoice) -> str:
    """What became of what was settled; `before` was read before the document was cancelled."""
    if before.status == Invoice.Status.DRAFT or not before.open_item.settled_paise:
        return _("Cancelled.")
    if before.kind == Invoice.Kind.INVOICE:
        return _("Cancelled. What was paid on it is an advance of the party now.")
    return _("Cancelled. The bills it had settled are due again.")


@require_safe
@business_page
def invoice_pdf(request: MerchantRequest, invoice: str) -> HttpResponse:
    found = _invoice(request, invoice)
    page = reverse("ledger:invoice", kwargs={"slug": request.business.slug, "invoice": found.public_id})
    return invoice_answer(request, found, f"{page}?lines=all", opens=True)
