"""Reminders on the shop's desk: the rules, what goes out, batches with their progress, one by hand."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import background, optouts, paging, quotas, wishes
from accounts.access import MerchantRequest, business_page
from accounts.india import today
from accounts.models import Message, Party
from accounts.money import grouped, rupees
from accounts.views.messages import masked
from ledger import tasks
from ledger.models import Batch, Invoice
from ledger.reminder_forms import PartyForm, SettingsForm, days_in_words, initial_of
from ledger.reminders import planning, preview, rules, silence
from ledger.reminders.planning import ReminderRefused
from ledger.reminders.silence import Silence
from ledger.views.settings import is_owner, owners_page

SENT = (Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ)
WAITING = (Message.Status.QUEUED, Message.Status.SENDING)


# --- Settings -----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@owners_page
def reminder_settings(request: MerchantRequest) -> HttpResponse:
    row, days = silence.settings_of(request.business), rules.of_shop(request.business)
    # Whoever has never saved anything is offered usual days.
    form = SettingsForm.of(row, days or ([] if row.pk else list(rules.STARTING_WITH)), request.POST or None)
    if request.method == "POST" and form.is_valid():
        rules.change(form.settings(row), form.days(), request.user)
        messages.success(request, _("Saved."))
        return redirect("ledger:reminder_settings", slug=request.business.slug)
    context = {"section": "settings", "form": form, "is_owner": is_owner(request), "row": row}
    return render(request, "ledger/reminder_settings.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_reminders(request: MerchantRequest, party: str) -> HttpResponse:
    """What counts for one party, beside what its people have chosen themselves."""
    found = get_object_or_404(request.business.parties.with_contact(), public_id=party)
    found.business = request.business
    mode, days = rules.of_party(found)
    form = PartyForm(request.POST or None, initial={"mode": mode} | initial_of(days))
    if request.method == "POST" and form.is_valid():
        rules.change_party(found, form.cleaned_data["mode"], form.days(), request.user)
        messages.success(request, _("Saved."))
        return redirect("ledger:party", slug=request.business.slug, party=party)
    context = {
        "section": "parties",
        "party": found,
        "form": form,
        "shop_rules": days_in_words(rules.of_shop(request.business)),
        "wish": wishes.of(found),
        "today": today(),
        "stopped": stopped_addresses(found),
    }
    return render(request, "ledger/party_reminders.html", context, status=400 if form.errors else 200)


def stopped_addresses(party: Party) -> list[str]:
    """The party's number and address, masked, as far as they asked not to get messages."""
    addresses = [str(party.phone or ""), party.email]  # type: ignore[attr-defined]
    stopped = optouts.among(addresses)
    return [masked(address) for address in addresses if optouts.normalised(address) in stopped]


# --- What goes out ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as the page shows it; `part` is how much of what was queued has left, in hundredths."""

    public_id: str
    name: str
    at: Any
    state: str
    badge: str
    words: str
    silent: str
    note: str
    part: int
    may_cancel: bool


@require_safe
@business_page
def reminder_list(request: MerchantRequest) -> HttpResponse:
    business = request.business
    page = paging.page(business.batches.all(), request.GET, ("-id",), key="public_id")
    used, most = quotas.used(business.pk), quotas.ceiling(business.pk)
    row = silence.settings_of(business)
    context = {
        "section": "messages",
        "page": page,
        "rows": batch_rows(page.rows),
        "is_on": row.is_on,
        "rules": days_in_words(rules.of_shop(business)),
        "week": preview.week(business, today(), row) if row.is_on else None,
        "used": {
            "messages": grouped(used.messages),
            "most": grouped(most.messages_a_day),
            "cost": rupees(used.paise_month),
            "most_cost": rupees(most.paise_a_month),
        },
    }
    return render(request, "ledger/reminders.html", context)


def batch_rows(batches: list[Batch]) -> list[BatchRow]:
    """One query for all their messages."""
    states = Message.objects.filter(campaign_id__in=[batch.pk for batch in batches]).values("campaign_id")
    found = states.annotate(
        sent=Count("pk", filter=Q(status__in=SENT)), waiting=Count("pk", filter=Q(status__in=WAITING))
    )
    counts = {row["campaign_id"]: (row["sent"], row["waiting"]) for row in found}
    return [_batch_row(batch, *counts.get(batch.pk, (0, 0))) for batch in batches]


def _batch_row(batch: Batch, sent: int, waiting: int) -> BatchRow:
    under_way = batch.status in planning.UNDER_WAY
    badges = {"running": "queued", "waiting": "uncertain", "done": "sent", "cancelled": "expired"}
    state = _("Being sent") if batch.status == Batch.Status.DONE and waiting else batch.get_status_display()
    words = ngettext("%(sent)s of %(n)s sent", "%(sent)s of %(n)s sent", batch.queued) % {
        "sent": grouped(sent),
        "n": grouped(batch.queued),
    }
    return BatchRow(
        public_id=batch.public_id,
        name=batch.get_kind_display(),
        at=batch.created_at,
        state=str(state),
        badge=badges[batch.status],
        words=words,
        silent=silent_words(batch.silent),
        note=batch.note,
        part=100 * (batch.queued - waiting) // batch.queued if batch.queued else 0,
        may_cancel=under_way or bool(waiting),
    )


def silent_words(silent: dict[str, int]) -> str:
    """“12: a question about it is open; 3: nothing is due on it”, the most first; rules that did not ask left out."""
    found = [(count, str(Silence(why).label)) for why, count in silent.items() if why != Silence.NO_RULE]
    most_first = sorted(found, key=lambda pair: (-pair[0], pair[1]))
    return "; ".join(f"{grouped(count)}: {words}" for count, words in most_first)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def reminder_choose(request: MerchantRequest) -> HttpResponse:
    """What is overdue: remind of the ticked ones, or of all."""
    if request.method == "POST":
        return _begin(request)
    context = {"section": "messages", "rows": preview.overdue(request.business, today())}
    return render(request, "ledger/reminder_choose.html", context)


def _begin(request: MerchantRequest) -> HttpResponse:
    ticked = request.POST.getlist("invoice")[: planning.MOST_CHOSEN]
    found = request.business.invoices.filter(public_id__in=ticked).values_list("pk", flat=True)
    kind = Batch.Kind.OVERDUE if request.POST.get("which") == "all" else Batch.Kind.CHOSEN
    try:
        planning.begin(request.business, kind, request.user, list(found) if kind == Batch.Kind.CHOSEN else ())
    except ReminderRefused as refused:
        messages.error(request, str(refused))
        return redirect("ledger:reminder_choose", slug=request.business.slug)
    background.run(tasks.plan_on)
    messages.success(request, _("Under way. You see here how far it is."))
    return redirect("ledger:reminder_list", slug=request.business.slug)


@require_POST
@business_page
def batch_cancel(request: MerchantRequest, batch: str) -> HttpResponse:
    found = get_object_or_404(request.business.batches, public_id=batch)
    taken = planning.cancel(found, request.user)
    words = ngettext("Cancelled. %(n)s message was taken back.", "Cancelled. %(n)s messages were taken back.", taken)
    messages.success(request, words % {"n": grouped(taken)})
    return redirect("ledger:reminder_list", slug=request.business.slug)


@require_POST
@business_page
def invoice_remind(request: MerchantRequest, invoice: str) -> HttpResponse:
    """One reminder now, or the reason why not."""
    found = get_object_or_404(request.business.invoices.select_related("party", "open_item"), public_id=invoice)
    if found.kind != Invoice.Kind.INVOICE or found.status == Invoice.Status.DRAFT:
        raise BadRequest("a reminder is of an issued invoice")
    found.business = found.party.business = request.business
    try:
        planning.remind_now(found, request.user)
    except (ReminderRefused, quotas.QuotaReached) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("A reminder is on its way. Between 21:00 and 10:00 it waits for the morning."))
    return redirect("ledger:invoice", slug=request.business.slug, invoice=invoice)
