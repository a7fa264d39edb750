"""“Something differs”: asking the shop about a row of the ledger or a line of an invoice, and its answers."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import images, limits, paging
from accounts.idempotency import earlier, once
from accounts.india import india_date
from accounts.money import rupees
from ledger import queries
from ledger.models import Adjustment, Invoice, InvoiceLine, Payment, Query
from ledger.queries import Document, QueryRefused
from ledger.query_forms import AskForm, WordForm
from ledger.talks import document_words, query_words, told
from portal.access import PortalRequest, page, party_page
from portal.views.account import scoped_invoices

DAY = 24 * 60 * 60
MOST_WORDS_A_DAY = 50


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    title: str
    note: str
    when: str
    badge: str
    state: str


@require_safe
@party_page(money=True)
def query_list(request: PortalRequest) -> HttpResponse:
    listed = paging.page(queries.of_party(request.party), request.GET, ("-pk",))
    rows = [_row(request, query) for query in listed.rows]
    return page(request, "portal/queries.html", "ledger", {"rows": rows, "listed": listed})


def _row(request: PortalRequest, query: Query) -> Row:
    where = {"party": request.party.public_id, "query": query.public_id}
    badge, state = query_words(query.status)
    return Row(
        href=reverse("portal:query", kwargs=where),
        title=query.get_about_display(),
        note=document_words(query.document),
        when=date_format(india_date(query.changed_at), "DATE_FORMAT"),
        badge=badge,
        state=state,
    )


# --- asking -------------------------------------------------------------------------------------------------


def _subject(request: PortalRequest) -> Document | None:
    """What ?invoice=, ?payment= or ?adjustment= names of this party's; 404 for what is not theirs."""
    own = {"business": request.business, "party": request.party}
    scopes: dict[str, Any] = {
        "invoice": scoped_invoices(request),
        "payment": Payment.objects.filter(**own),
        "adjustment": Adjustment.objects.filter(**own),
    }
    for name, scope in scopes.items():
        if public_id := request.GET.get(name):
            found: Document = get_object_or_404(scope, public_id=public_id)
            return found
    return None


def _lines(document: Document) -> list[InvoiceLine]:
    if not isinstance(document, Invoice):
        return []
    return list(document.lines.only("position", "description", "invoice_id", "business_id").order_by("position"))


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def query_new(request: PortalRequest) -> HttpResponse:
    document = _subject(request)
    if document is None:  # which one? a row of the ledger says it
        return redirect(reverse("portal:ledger", kwargs={"party": request.party.public_id}, query={"ask": "1"}))
    lines = _lines(document)
    if request.method == "POST":
        form = AskForm(request.POST, request.FILES, lines=lines)
        if public_id := _asked(request, form, document):
            return redirect("portal:query", party=request.party.public_id, query=public_id)
    else:
        form = AskForm(initial={name: request.GET.get(name, "")[:1000] for name in AskForm.GIVEN}, lines=lines)
    context = {
        "form": form,
        "title": document_words(document),
        "back": document_url(request, document),
        "picture_again": bool(request.FILES),
    }
    return page(request, "portal/query_new.html", "ledger", context, status=400 if form.is_bound else 200)


def document_url(request: PortalRequest, document: Document) -> str:
    """The customer's page about a document."""
    where = {"party": request.party.public_id}
    if isinstance(document, Invoice):
        return reverse("portal:invoice", kwargs=where | {"invoice": document.public_id})
    if isinstance(document, Payment):
        return reverse("portal:receipt", kwargs=where | {"payment": document.public_id})
    return reverse("portal:adjustment", kwargs=where | {"adjustment": document.public_id})


def _asked(request: PortalRequest, form: AskForm, document: Document) -> str:
    """The public id of the query; "" when something is wrong, which the form says."""
    said = form.print_of(party=request.party.pk, document=document)
    key = request.POST.get("form_key", "").replace("\x00", "")
    if first := earlier(request.business, request.user, "query", key, said):
        return str(first)
    images.take_turn(request.FILES, str(request.party.pk))
    if not form.is_valid():
        return ""
    limits.hit("query-words", str(request.party.pk), most=MOST_WORDS_A_DAY, seconds=DAY)

    def act() -> str:
        about = form.cleaned_data["about"]
        return queries.ask(request.party, request.user, document, about, form.said, form.chosen_line).public_id

    try:
        public_id, is_first = once(request.business, request.user, "query", form.cleaned_data["form_key"], said, act)
    except QueryRefused as refused:
        form.add_error(None, _with_way(request, refused))
        return ""
    if is_first:
        messages.success(request, _("Asked. The shop's answer stands here."))
    return str(public_id)


def _with_way(request: PortalRequest, refused: QueryRefused) -> str:
    if refused.known is None:
        return str(refused)
    where = {"party": request.party.public_id, "query": refused.known.public_id}
    return format_html('{} <a href="{}">{}</a>', str(refused), reverse("portal:query", kwargs=where), _("Look at it"))


# --- one query ----------------------------------------------------------------------------------------------


def _query(request: PortalRequest, public_id: str) -> Query:
    found = get_object_or_404(queries.of_party(request.party), public_id=public_id)
    found.business, found.party = request.business, request.party
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@party_page(money=True)
def query(request: PortalRequest, query: str) -> HttpResponse:
    """What was said; a POST says more, which opens it again."""
    found = _query(request, query)
    form = WordForm(request.POST, request.FILES) if request.method == "POST" else WordForm()
    if request.method == "POST" and _said(request, form, found):
        return redirect("portal:query", party=request.party.public_id, query=found.public_id)
    badge, state = query_words(found.status)
    line = queries.line_of(found)
    context = {
        "query": found,
        "badge": badge,
        "state": state,
        "title": document_words(found.document),
        "subject_url": document_url(request, found.document),
        "line": line and f"{line.position}. {line.description}",
        "line_amount": line and rupees(line.total_paise),
        "words": [told(word, reader_is_shop=False, image=_image_url(request)) for word in queries.thread(found)],
        "form": form,
        "picture_again": bool(request.FILES),
    }
    return page(request, "portal/query.html", "ledger", context, status=400 if request.method == "POST" else 200)


def _image_url(request: PortalRequest) -> Any:
    def address(message: Any) -> str:
        where = {"party": request.party.public_id, "query": message.query.public_id, "message": message.public_id}
        return reverse("portal:query_image", kwargs=where)

    return address


def _said(request: PortalRequest, form: WordForm, found: Query) -> bool:
    said = form.print_of(query=found.pk)
    key = request.POST.get("form_key", "").replace("\x00", "")
    if earlier(request.business, request.user, "query-word", key, said):
        return True
    images.take_turn(request.FILES, str(request.party.pk))
    if not form.is_valid():
        return False
    limits.hit("query-words", str(request.party.pk), most=MOST_WORDS_A_DAY, seconds=DAY)

    def act() -> str:
        return queries.write(found, request.user, form.said, is_of_shop=False).public_id

    try:
        once(request.business, request.user, "query-word", form.cleaned_data["form_key"], said, act)
    except QueryRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


@require_POST
@party_page(money=True)
def query_close(request: PortalRequest, query: str) -> HttpResponse:
    found = _query(request, query)
    queries.close(found, request.user, is_of_shop=False)
    messages.success(request, _("Closed. Write here again if something still differs."))
    return redirect("portal:query", party=request.party.public_id, query=found.public_id)


@require_safe
@party_page(money=True)
def query_image(request: PortalRequest, query: str, message: str) -> HttpResponse:
    """A photo in a query, for the people of this party who see money."""
    found = get_object_or_404(_query(request, query).messages.select_related("image"), public_id=message)
    if found.image is None:
        raise Http404
    return images.answer_once(found.image)
