"""Home: where the business stands, what needs attention, and the first steps of a new one."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MerchantRequest, business_page
from accounts.india import TZ, today
from accounts.models import Business
from accounts.money import grouped, rupees
from catalog.models import Order
from ledger import talks
from ledger.listing import invoice_rows
from ledger.models import Invoice, OpenItem, Payment, ShareLink
from ledger.views import claims


@require_safe
@business_page
def home(request: MerchantRequest) -> HttpResponse:
    business = request.business
    newest = business.invoices.invoices().select_related("party", "open_item").order_by("-issued_on", "-id")[:8]
    orders = list(business.orders.waiting().select_related("party").order_by("-id")[:50])
    told = list(claims.waiting(business)[:50])
    context = {
        "section": "home",
        "greeting": greeting(request.user.name),
        "tiles": tiles(business, len(orders)),
        "invoices": invoice_rows(newest, business.slug),
        "overdue": most_overdue(business),
        "orders": [order_line(order, business.slug) for order in orders[:5]],
        "steps": first_steps(business),
        "waiting": talks.waiting(business),
        "claims": claims.rows(told[:5], business.slug),
        "claims_waiting": str(len(told)) if len(told) < 50 else "50+",
    }
    return render(request, "ledger/home.html", context)


def greeting(name: str) -> str:
    hour = timezone.localtime(timezone=TZ).hour
    words = _("Good morning") if 4 <= hour < 12 else _("Good afternoon") if 12 <= hour < 17 else _("Good evening")
    return f"{words}, {name}" if name else words


BILL, CREDIT = Q(side=OpenItem.Side.DEBIT), Q(side=OpenItem.Side.CREDIT)


def _open(business: Business) -> QuerySet[OpenItem]:
    return OpenItem.objects.filter(business=business, open_paise__gt=0)


def most_overdue(business: Business, count: int = 5) -> list[dict[str, str]]:
    """The parties with the largest sums past their day: one query."""
    rows = (
        _open(business)
        .filter(BILL, due_on__lt=today())
        .values("party__public_id", "party__name")
        .annotate(paise=Sum("open_paise"), bills=Count("id"))
        .order_by("-paise")[:count]
    )
    return [
        {
            "href": reverse("ledger:party", kwargs={"slug": business.slug, "party": row["party__public_id"]}),
            "name": row["party__name"],
            "amount": rupees(row["paise"]),
            "note": ngettext("%(n)d bill", "%(n)d bills", row["bills"]) % {"n": row["bills"]},
        }
        for row in rows
    ]


def tiles(business: Business, waiting: int) -> list[dict[str, Any]]:
    """Label, value, note, tone and address of each tile: two queries.

    As on every page of either side, open bills are counted whole, overdue is a part of them, and money or credit
    notes not used for a bill yet are a line of their own: "to collect" is never less than what is overdue of it.
    """
    late = BILL & Q(due_on__lt=today())
    now = _open(business).aggregate(
        collect=Sum("open_paise", filter=BILL, default=0),
        owing=Count("party", filter=BILL, distinct=True),
        late=Sum("open_paise", filter=late, default=0),
        late_parties=Count("party", filter=late, distinct=True),
        unused=Sum("open_paise", filter=CREDIT, default=0),
        ahead=Count("party", filter=CREDIT, distinct=True),
    )
    received = business.payments.filter(
        direction=Payment.Direction.RECEIVED, status=Payment.Status.RECORDED, paid_on__gte=today().replace(day=1)
    ).aggregate(paise=Sum("amount_paise"), payments=Count("id"))
    where = {"slug": business.slug}
    owing, late_parties, ahead = now["owing"], now["late_parties"], now["ahead"]
    not_used = {
        "label": _("Advances and credit notes"),
        "value": rupees(now["unused"]),
        "note": ngettext("not used yet, %(n)s party", "not used yet, %(n)s parties", ahead) % {"n": grouped(ahead)},
        "href": reverse("ledger:party_list", kwargs=where) + "?show=ahead",
    }
    return [
        {
            "label": _("To collect"),
            "value": rupees(now["collect"]),
            "note": ngettext("from %(n)s party", "from %(n)s parties", owing) % {"n": grouped(owing)},
            "href": reverse("ledger:party_list", kwargs=where) + "?show=collect",
        },
        {
            "label": _("Overdue"),
            "value": rupees(now["late"]),
            "note": ngettext("from %(n)s party", "from %(n)s parties", late_parties) % {"n": grouped(late_parties)},
            "tone": "bad" if late_parties else "",
            "href": reverse("ledger:invoice_list", kwargs=where) + "?show=overdue",
        },
        *([not_used] if ahead else []),
        {
            "label": _("Received this month"),
            "value": rupees(received["paise"] or 0),
            "note": ngettext("%(n)s payment", "%(n)s payments", received["payments"])
            % {"n": grouped(received["payments"])},
            "tone": "good" if received["payments"] else "",
            "href": reverse("ledger:payment_list", kwargs=where),
        },
        {
            "label": _("New orders"),
            "value": str(waiting) if waiting < 50 else "50+",
            "note": _("waiting for you") if waiting else _("nothing waits"),
            "href": reverse("catalog:order_list", kwargs=where),
        },
    ]


def order_line(order: Order, slug: str) -> dict[str, str]:
    return {
        "href": reverse("catalog:order", kwargs={"slug": slug, "order": order.public_id}),
        "name": order.party.name,
        "number": order.display_number,
        "amount": rupees(order.total_paise),
    }


def _is_complete(business: Business) -> bool:
    """A bill says where the shop is and how to pay it."""
    has_address = business.address or business.city
    return bool(business.state_code and has_address and (business.upi_id or business.bank_account))


def first_steps(business: Business) -> list[dict[str, Any]]:
    """What a new business has still to do, in order; [] once the first invoice is shared. One query."""
    scope = {"business": OuterRef("pk")}
    done = (
        Business.objects.filter(pk=business.pk)
        .annotate(
            party=Exists(business.parties.model.objects.filter(**scope)),
            item=Exists(business.items.model.objects.filter(**scope)),
            invoice=Exists(Invoice.objects.filter(~Q(status=Invoice.Status.DRAFT), **scope)),
            link=Exists(ShareLink.objects.filter(**scope)),
        )
        .values("party", "item", "invoice", "link")
        .get()
    )
    where = {"slug": business.slug}
    steps = [
        (_is_complete(business), _("Complete your business: address, State, GSTIN, UPI"), "accounts:settings"),
        (done["party"], _("Add your first party"), "ledger:party_new"),
        (done["item"], _("Add what you sell"), "catalog:item_new"),
        (done["invoice"], _("Write your first invoice"), "ledger:invoice_new"),
        (done["link"], _("Share it with your customer"), "ledger:invoice_list"),
    ]
    if all(step[0] for step in steps[1:]):
        return []
    return [{"done": ok, "text": text, "href": reverse(name, kwargs=where)} for ok, text, name in steps]
