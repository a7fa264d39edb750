"""Every live link with what was done through it, of one party or of all: one query for a page, however long the rest."""

import datetime as dt
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business
from ledger.models import LinkOpen, ShareLink
from ledger.statement_paper import words_of
from ledger.statements import Period

SOON = dt.timedelta(days=14)  # "ends soon"


def live(business: Business) -> QuerySet[ShareLink]:
    """The live links of a business, each with party, paper and maker, and what was done through it: `times` opened,
    `last_open`, `last_device`, `saves` of the PDF.

    Looked up for the rows of the page only (index opens_of_link), never by grouping all links.
    """
    done = LinkOpen.objects.filter(business_id=OuterRef("business_id"), link_id=OuterRef("pk"))
    opened, saved = done.filter(event=LinkOpen.Event.OPENED), done.filter(event=LinkOpen.Event.SAVED)
    newest = opened.order_by("-id")
    return (
        ShareLink.objects.live()
        .filter(business_id=business.pk)
        .select_related("party", "invoice", "payment", "created_by")
        .annotate(
            times=_count(opened),
            saves=_count(saved),
            last_open=Subquery(newest.values("at")[:1]),
            last_device=Subquery(newest.values("device")[:1]),
        )
    )


def _count(found: QuerySet[LinkOpen]) -> Any:
    counted = found.order_by().values("link").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def ending_soon(found: QuerySet[ShareLink]) -> QuerySet[ShareLink]:
    return found.filter(expires_at__lte=timezone.now() + SOON)


def title_of(link: ShareLink) -> str:
    """What a link shows, in words; with its invoice or payment at hand, no query."""
    if link.invoice:
        return f"{link.invoice.get_kind_display()} {link.invoice.number}"
    if link.payment:
        return _("Receipt %(number)s") % {"number": link.payment.number}
    if link.starts_on and link.ends_on:
        return _("Statement: %(days)s") % {"days": words_of(Period(link.starts_on, link.ends_on))}
    return _("Party portal")
