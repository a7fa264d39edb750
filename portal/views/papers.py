"""PDFs as an answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ledger import papers
from ledger.models import Invoice


def pdf_response(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The invoice as a file named by its number; a page in plain words when it is too long for one."""
    try:
        content = papers.of_invoice(invoice)
    except papers.TooLong as error:
        return render(request, "portal/too_long.html", {"business": invoice.business, "error": error}, status=413)
    name = f"{invoice.number.replace('/', '-')}.pdf"
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
