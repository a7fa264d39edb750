"""Pages behind the links of receipts and statements: that paper for whoever holds its link, and nothing else."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.money import rupees
from ledger import links, receipts, sharing, statement_paper, statements
from ledger.models import LinkOpen, ShareLink
from portal.views import papers
from portal.views.ledger import book_context
from portal.views.links import door, link_page, logo_of, note, paid_url

RECEIPT, STATEMENT = ShareLink.Kind.RECEIPT, ShareLink.Kind.STATEMENT


@require_safe
@link_page(RECEIPT, previewed=True)
def receipt(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    assert link.payment is not None, "a receipt link has a payment"
    context = receipts.context_of(link.payment)
    return render(request, "portal/receipt_link.html", context | _frame(link, token))


@require_safe
@link_page(RECEIPT)
def receipt_pdf(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    assert link.payment is not None, "a receipt link has a payment"
    return papers.receipt_response(link.payment)


@require_safe
@link_page(RECEIPT)
def receipt_logo(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return logo_of(link)


@require_safe
@link_page(STATEMENT)
def statement_logo(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return logo_of(link)


@require_safe
@link_page(STATEMENT, previewed=True)
def statement(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return _statement(request, link, token)


def _statement(request: HttpRequest, link: ShareLink, token: str, *, too_long: bool = False) -> HttpResponse:
    """The days of the link as the book stands now, a page at a time."""
    period = _days(link)
    book = statements.page(link.party, period, request.GET.get("after", ""))
    context = book_context(
        request, link.party, book, here=links.path(link), is_linked=False
    ) | statement_paper.standing(link.party)
    context |= {
        "party_name": link.party.name,
        "period": statement_paper.words_of(period),
        "closing_amount": rupees(abs(book.closing_paise)),
        "closing_words": statement_paper.balance_words(book.closing_paise),
        "files": [
            (kind, reverse("portal:statement_link_file", kwargs={"token": token, "form": kind}))
            for kind in papers.KINDS
        ],
        "too_long": papers.too_long_words() if too_long else "",
        "paid_url": paid_url(request, "portal:statement_login", token),
        "verify": _verify(link, book),
    }
    return render(request, "portal/statement_link.html", context | _frame(link, token), status=422 if too_long else 200)


def _verify(link: ShareLink, book: statements.Page) -> dict[str, str] | None:
    """Where a statement that stands whole on this page can be checked; a longer one is whole in its PDF alone."""
    if not book.is_first or book.next_cursor:
        return None
    entries = [row.entry for row in book.rows]
    rows = ((entry.dated_on, entry.document.number, entry.debit_paise, entry.credit_paise) for entry in entries)
    return statement_paper.slot_of(link.party, book.period, book.opening_paise, rows, book.closing_paise)


@require_safe
@link_page(STATEMENT)
def statement_file(request: HttpRequest, link: ShareLink, token: str, form: str) -> Any:
    """PDF, CSV or XLSX of the days of the link, behind the same door."""
    if form not in papers.KINDS:
        raise Http404
    try:
        return papers.statement_response(
            request, link.party, _days(link), form, links.path(link), asker=f"link {link.pk}"
        )
    except papers.TooLong:
        return _statement(request, link, token, too_long=True)


def _days(link: ShareLink) -> statements.Period:
    period = sharing.period_of(link)
    assert period is not None, "a statement link has its days"
    return period


def _frame(link: ShareLink, token: str) -> dict[str, Any]:
    return {"business": link.business, "token": token}


@csrf_exempt  # the address itself is the capability, and the page that calls it has neither cookie nor session
@require_POST
@link_page(RECEIPT)
def receipt_opened(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.OPENED)


@csrf_exempt  # as above
@require_POST
@link_page(STATEMENT)
def statement_opened(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.OPENED)


@csrf_exempt  # as above
@require_POST
@link_page(RECEIPT)
def receipt_saved(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.SAVED)


@csrf_exempt  # as above
@require_POST
@link_page(STATEMENT)
def statement_saved(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return note(request, link, LinkOpen.Event.SAVED)


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(RECEIPT)
def receipt_login(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return door(request, link, token)


@require_http_methods(["GET", "HEAD", "POST"])
@link_page(STATEMENT)
def statement_login(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return door(request, link, token)
