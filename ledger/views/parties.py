"""Parties: the list, the form, one party with its ledger, and the numbers that may log in."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import activity, asking, corrections, optouts, paging, parties
from accounts.access import MerchantRequest, business_page
from accounts.asking import ChangedMeanwhile
from accounts.idempotency import earlier, once, typed
from accounts.india import today
from accounts.models import Party, PartyPerson
from accounts.money import rupees, with_side
from accounts.phones import pretty
from ledger import cockpit, posting, statements, talks, trail
from ledger.forms import PERIODS, SHOW_PARTIES, PartyForm, PeriodForm, PersonForm, SearchForm
from ledger.listing import balance_words, bill_rows, chips, day, ledger_rows, net_balance, party_rows, talk_rows
from ledger.models import OpenItem
from ledger.views import claims
from ledger.views.sharing import link_rows

BILLS_SHOWN = 5
CLAIMS_SHOWN = 5
LINKS_SHOWN = 20
# Money or credit notes of a party that no bill has used yet.
UNUSED = OpenItem.objects.filter(
    business=OuterRef("business"), party=OuterRef("pk"), side=OpenItem.Side.CREDIT, open_paise__gt=0
)


@require_safe
@business_page
def party_list(request: MerchantRequest) -> HttpResponse:
    business = request.business
    search = SearchForm(request.GET, label=_("Name, city, GSTIN or number"), choices=SHOW_PARTIES)
    found = business.parties.with_contact().annotate(net=net_balance())
    if search.text:
        found = found.search(search.text)
    match search.chosen:
        case "collect":
            found = found.filter(net__gt=0)
        case "pay":
            found = found.filter(net__lt=0)
        case "ahead":
            found = found.filter(Exists(UNUSED))
    page = paging.page(found, request.GET, ("name", "pk"))
    context = {
        "section": "parties",
        "search": search,
        "chips": chips(request.GET, "show", SHOW_PARTIES, search.chosen),
        "page": page,
        "rows": party_rows(page.rows, business.slug),
        "is_filtered": bool(search.text or search.chosen),
    }
    return render(request, "ledger/party_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_new(request: MerchantRequest) -> HttpResponse:
    business = request.business
    form = PartyForm(request.POST or None, instance=Party(business=business))
    if request.method == "POST":
        # A second click would find its own code taken by the first.
        saved = _saved(request, "party", None)
        if not saved and form.is_valid():
            saved, _first = _save(request, form, lambda: _write(form, request), "party")
        if saved:
            messages.success(request, _("%(item)s is saved.") % {"item": form["name"].value()})
            if request.GET.get("then") == "invoice":
                where = reverse("ledger:invoice_new", kwargs={"slug": business.slug})
                return redirect(f"{where}?party={saved}")
            return redirect("ledger:party", slug=business.slug, party=saved)
    status = 400 if request.method == "POST" else 200
    return render(request, "ledger/party_form.html", {"section": "parties", "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page
def party_edit(request: MerchantRequest, party: str) -> HttpResponse:
    found = _party(request, party)
    form = PartyForm(request.POST or None, instance=found)
    if request.method == "POST":
        # A second click would find the record changed by the first.
        saved = _saved(request, "party-edit", found.pk)
        if not saved and form.is_valid():
            saved, _first = _save(request, form, lambda: _write(form, request), "party-edit")
        if saved:
            messages.success(request, _("Saved."))
            return redirect("ledger:party", slug=request.business.slug, party=saved)
    context = {"section": "parties", "form": form, "party": Party.objects.get(pk=found.pk)}
    return render(request, "ledger/party_form.html", context, status=400 if request.method == "POST" else 200)


@transaction.atomic
def _write(form: PartyForm, request: MerchantRequest) -> str:
    data = form.cleaned_data
    if not form.instance._state.adding:
        corrections.require_shown(form.instance, data["shown"])
    return parties.save(form.instance, data["phone"] or "", data["person_name"], request.user).public_id


def _saved(request: MerchantRequest, purpose: str, pk: int | None) -> Any:
    """The party that this very form has saved already."""
    key = request.POST.get("form_key", "").replace("\x00", "")
    return earlier(request.business, request.user, purpose, key, typed(request.POST) | {"party": pk})


def _save(request: MerchantRequest, form: PartyForm, act: Any, purpose: str) -> tuple[str, bool]:
    """("", False) when another party took the same code in this very moment, or this one has changed; the form says so."""
    try:
        contents = typed(request.POST) | {"party": form.instance.pk}
        return once(request.business, request.user, purpose, form.cleaned_data["form_key"], contents, act)
    except IntegrityError:
        form.add_error("reference", _("Another party has this code already."))
    except ChangedMeanwhile:
        form.say_changed()
    return "", False


@require_safe
@business_page
def party_page(request: MerchantRequest, party: str) -> HttpResponse:
    return _page(request, _party(request, party), PersonForm())


def _page(request: MerchantRequest, party: Party, person_form: PersonForm, status: int = 200) -> HttpResponse:
    """One party: balance, ledger of a period, open bills, people, links."""
    slug = request.business.slug
    period_form = PeriodForm(request.GET)
    period = period_form.chosen()
    page = statements.page(party, period, after=request.GET.get("after", ""))
    bills = posting.oldest_debits(party, BILLS_SHOWN)
    balance = party.net  # type: ignore[attr-defined]
    open_now = statements.outstanding(party)
    people = list(party.people.order_by("-is_main", "id"))
    found = talks.of_party(party)
    context = {
        "section": "parties",
        "party": party,
        "balance": balance,
        "balance_words": balance_words(balance),
        "balance_amount": rupees(abs(balance)),
        "period_form": period_form,
        "period_start": day(page.rows[0].entry.dated_on)
        if period_form.current == "all" and page.rows
        else day(period.start),
        "period_end": day(period.end),
        "chips": chips(request.GET, "period", PERIODS, "-" if period_form.current is None else period_form.current),
        "page": page,
        "earlier": "" if page.is_first else statements.earlier(party, period, request.GET["after"]),
        "rows": ledger_rows(page.rows, slug, talks.asked_about(found)),
        "talks": talk_rows(found, slug, party.public_id),
        "opening": with_side(page.before_paise),
        "closing": with_side(page.closing_paise),
        "bills": bill_rows(bills, slug, today()),
        "more_bills": open_now.bills - len(bills),
        "open": open_now,
        "due_later": open_now.due_paise - open_now.overdue_paise,
        "people": [(person, pretty(str(person.phone))) for person in people],
        "person_form": person_form,
        "roles": PartyPerson.Role.choices,
        "links": link_rows(cockpit.live(request.business).filter(party=party).order_by("-pk")[:LINKS_SHOWN], slug),
        "trail": trail.of_party(party),
        "claims": claims.rows(claims.waiting(request.business).filter(party=party)[:CLAIMS_SHOWN], slug),
        "last_login_by": _name_of(party, people),
    }
    return render(request, "ledger/party.html", context, status=status)


def _name_of(party: Any, people: list[PartyPerson]) -> str:
    """Who logged in last, as the merchant knows them; a number that was taken away since is not named."""
    phone = party.login_phone
    return next((person.name or pretty(str(person.phone)) for person in people if phone == person.phone), "")


@require_POST
@business_page
def person_add(request: MerchantRequest, party: str) -> HttpResponse:
    found = _party(request, party)
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            _add_person(request, found, form)
        except IntegrityError:
            form.add_error("phone", _("This number is saved here already."))
        else:
            messages.success(request, _("This number can log in now."))
            return redirect("ledger:party", slug=request.business.slug, party=found.public_id)
    return _page(request, found, form, status=400)


def _add_person(request: MerchantRequest, party: Party, form: PersonForm) -> None:
    data, contents = form.cleaned_data, form.contents() | {"party": party.pk}

    def act() -> int:
        return parties.add_person(party, data["phone"], data["name"], data["role"], request.user).pk

    once(request.business, request.user, "person", data["form_key"], contents, act)


@require_POST
@business_page
def person_role(request: MerchantRequest, party: str) -> HttpResponse:
    """The posted `person` may from now on do what the posted `role` says."""
    found = _party(request, party)
    person, role = _posted_person(request, found), request.POST.get("role", "")
    if person and role in PartyPerson.Role.values:
        try:
            parties.change_role(person, role, request.user)
        except parties.MainNumber:
            messages.error(request, _("The main number keeps all rights: bills and reminders are sent to it."))
        else:
            words = {"who": pretty(str(person.phone)), "role": PartyPerson.Role(role).label}
            messages.success(request, _("%(who)s: %(role)s.") % words)
    return redirect("ledger:party", slug=request.business.slug, party=found.public_id)


def _posted_person(request: MerchantRequest, party: Party) -> PartyPerson | None:
    pk = request.POST.get("person", "")
    known = int(pk) if len(pk) < 18 and pk.isascii() and pk.isdecimal() else 0
    return PartyPerson.objects.filter(business=request.business, party=party, pk=known).first()


@require_POST
@business_page
def person_remove(request: MerchantRequest, party: str) -> HttpResponse:
    """Take away the number `person`; gone already is as good as taken away."""
    found = _party(request, party)
    person = _posted_person(request, found)
    if person:
        parties.remove_person(person, request.user)
        messages.success(request, _("This number cannot log in any more. All links and sessions of the party ended."))
    return redirect("ledger:party", slug=request.business.slug, party=found.public_id)


def _party(request: MerchantRequest, public_id: str) -> Party:
    """The party with its balance, its main number and whether that wants no messages, its last login, and whether it
    waits for an answer about its data; or 404.
    """
    parties = request.business.parties.with_contact().annotate(
        net=net_balance(),
        is_stopped=optouts.stopped("phone"),
        login_at=activity.last_login("at"),
        login_data=activity.last_login("data"),
        login_phone=activity.last_login("actor__phone"),
        asks=Exists(asking.waiting(request.business).filter(party=OuterRef("pk"))),
    )
    found = get_object_or_404(parties, public_id=public_id)
    found.business = request.business
    return found
