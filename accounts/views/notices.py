"""The bell: what customers did, newest first."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import notices, paging
from accounts.access import MerchantRequest, business_page
from accounts.models import Membership, Message


class NotifyForm(forms.Form):
    notify_by = forms.ChoiceField(
        label=gettext_lazy("Also send me a message"),
        required=False,
        choices=[("", gettext_lazy("No, only here")), *Message.Channel.choices],
    )


@dataclass(frozen=True, slots=True)
class Row:
    words: str
    href: str
    kind: str
    at: Any
    is_new: bool


@require_safe
@business_page
def notice_list(request: MerchantRequest) -> HttpResponse:
    page = paging.page(notices.of(request.business), request.GET, ("-id",))
    member, slug = request.membership, request.business.slug
    rows = [
        Row(
            notices.words(notice),
            notices.href(notice, slug),
            notice.get_kind_display(),
            notice.at,
            notice.pk > member.seen_notice_id,
        )
        for notice in page.rows
    ]
    context = {
        "section": "notices",
        "page": page,
        "rows": rows,
        "newest": page.rows[0].pk if page.rows else 0,
        "form": NotifyForm(initial={"notify_by": member.notify_by}),
    }
    return render(request, "accounts/notices.html", context)


@require_POST
@business_page
def notices_seen(request: MerchantRequest) -> HttpResponse:
    newest = request.POST.get("newest", "")
    if len(newest) < 18 and newest.isascii() and newest.isdecimal():
        known = notices.of(request.business).filter(pk=int(newest)).first()
        if known:
            notices.mark_seen(request.membership, known.pk)
    return redirect("accounts:notices", slug=request.business.slug)


@require_POST
@business_page
def notify_me(request: MerchantRequest) -> HttpResponse:
    """How this member is told, besides the list."""
    form = NotifyForm(request.POST)
    if form.is_valid():
        wish = form.cleaned_data["notify_by"]
        if wish == "email" and not request.user.email:
            messages.error(request, _("Your login has no e-mail address. Choose WhatsApp or SMS."))
        else:
            Membership.objects.filter(pk=request.membership.pk).update(notify_by=wish)
            messages.success(request, _("Saved."))
    return redirect("accounts:notices", slug=request.business.slug)
