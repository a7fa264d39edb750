"""“Something differs” on the shop's side: what waits, one query with the answer, closing it, its photos."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import images, paging
from accounts.access import MerchantRequest, business_page
from accounts.idempotency import earlier, once
from accounts.india import india_date
from accounts.money import rupees
from ledger import queries
from ledger.forms import SearchForm
from ledger.listing import address_of, chips, day
from ledger.models import Query, QueryMessage
from ledger.queries import QueryRefused
from ledger.query_forms import WordForm
from ledger.talks import document_words, query_words, told

SHOW = [
    ("", gettext_lazy("Open")),
    ("answered", gettext_lazy("Answered")),
    ("closed", gettext_lazy("Closed")),
    ("all", gettext_lazy("All")),
]


@require_safe
@business_page
def query_list(request: MerchantRequest) -> HttpResponse:
    search = SearchForm(request.GET, label=_("Party or number"), choices=SHOW)
    found = request.business.queries.select_related("party", "invoice", "payment", "adjustment")
    if search.chosen != "all":
        found = found.filter(status=search.chosen or Query.Status.OPEN)
    if search.text:
        numbers = ("invoice", "payment", "adjustment")
        match = Q(party__name__icontains=search.text)
        for name in numbers:
            match |= Q(**{f"{name}__number__icontains": search.text})
        found = found.filter(match)
    page = paging.page(found, request.GET, ("-pk",))
    context = {
        "section": "queries",
        "search": search,
        "chips": chips(request.GET, "show", SHOW, search.chosen),
        "page": page,
        "rows": [_row(query, request.business.slug) for query in page.rows],
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/query_list.html", context)


def _row(query: Query, slug: str) -> dict[str, str]:
    badge, state = query_words(query.status)
    return {
        "href": reverse("ledger:query", kwargs={"slug": slug, "query": query.public_id}),
        "party": query.party.name,
        "note": f"{query.get_about_display()} · {document_words(query.document)}",
        "when": day(india_date(query.changed_at)),
        "badge": badge,
        "state": state,
    }


# --- one query ----------------------------------------------------------------------------------------------


def _query(request: MerchantRequest, public_id: str) -> Query:
    scope = request.business.queries.select_related("party", "invoice", "payment", "adjustment")
    found = get_object_or_404(scope, public_id=public_id)
    found.business = found.party.business = request.business
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def query(request: MerchantRequest, query: str) -> HttpResponse:
    """What was said; a POST answers, and closes it with the same word when the second button sent it."""
    found = _query(request, query)
    form = WordForm(request.POST, request.FILES) if request.method == "POST" else WordForm()
    if request.method == "POST" and _answered(request, form, found):
        return redirect("ledger:query", slug=request.business.slug, query=found.public_id)
    badge, state = query_words(found.status)
    line = queries.line_of(found)
    context = {
        "section": "queries",
        "query": found,
        "party": found.party,
        "badge": badge,
        "state": state,
        "title": document_words(found.document),
        "subject_url": address_of(found.document, request.business.slug),
        "line": line and f"{line.position}. {line.description}",
        "line_amount": line and rupees(line.total_paise),
        "words": [told(word, reader_is_shop=True, image=_image_url(request)) for word in queries.thread(found)],
        "form": form,
        "picture_again": bool(request.FILES),
    }
    return render(request, "ledger/query.html", context, status=400 if request.method == "POST" else 200)


def _image_url(request: MerchantRequest) -> Any:
    def address(message: QueryMessage) -> str:
        where = {"slug": request.business.slug, "query": message.query.public_id, "message": message.public_id}
        return reverse("ledger:query_image", kwargs=where)

    return address


def _answered(request: MerchantRequest, form: WordForm, found: Query) -> bool:
    said = form.print_of(query=found.pk)
    key = request.POST.get("form_key", "").replace("\x00", "")
    if earlier(request.business, request.user, "query-word", key, said):
        return True
    if not form.is_valid():
        return False
    closes = "closes" in request.POST

    def act() -> str:
        return queries.write(found, request.user, form.said, is_of_shop=True, closes=closes).public_id

    try:
        once(request.business, request.user, "query-word", form.cleaned_data["form_key"], said, act)
    except QueryRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Answered and closed.") if closes else _("Answered. Your customer reads it."))
    return True


@require_POST
@business_page
def query_close(request: MerchantRequest, query: str) -> HttpResponse:
    found = _query(request, query)
    queries.close(found, request.user, is_of_shop=True)
    messages.success(request, _("Closed. Your customer can open it again."))
    return redirect("ledger:query", slug=request.business.slug, query=found.public_id)


@require_safe
@business_page
def query_image(request: MerchantRequest, query: str, message: str) -> HttpResponse:
    """A photo in a query, for the people of this business."""
    found = get_object_or_404(_query(request, query).messages.select_related("image"), public_id=message)
    if found.image is None:
        raise Http404
    return images.answer_once(found.image)
