"""The customer's gatekeeper: every page under `/portal/<party>/` starts from `request.parties`.

A customer reaches the parties that have their number saved, that are shared, and whose `access_version` is still the
one this session noted when the code was entered: a changed number or stopped sharing ends that at the next request.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import activity, otp
from accounts.models import Business, Party, PartyPerson, User
from accounts.views import errors
from portal import kept

ACCESS = "access"
# Raise it when the privacy notice changes in substance.
NOTICE_VERSION = "2026-11"
Role = PartyPerson.Role


class PortalRequest(HttpRequest):
    """A request of a customer on a page of `party` (for types only)."""

    user: User
    person: PartyPerson
    party: Party
    business: Business
    parties: list[Party]
    people: list[PartyPerson]


def saved_people(phone: str) -> QuerySet[PartyPerson]:
    """Where this number (E.164) is saved on a party that is shared now, with business and balance: one query."""
    return PartyPerson.objects.filter(
        phone=phone, party__is_shared=True, party__is_walk_in=False, party__business__is_active=True
    ).select_related("party__business", "party__balance", "party__live")


def note_access(request: Any, phone: str) -> None:
    """Write down what the code just entered opens: all parties of this number, in all businesses.

    In the session for the gatekeeper, and in each business's activity: so the merchant sees the login, through
    whatever door it came.
    """
    parties = [person.party for person in saved_people(phone)]
    request.session[ACCESS] = {str(party.pk): party.access_version for party in parties}
    activity.record_login(request.user, parties, otp.device_summary(request))


def is_signed_in(request: Any) -> bool:
    """Whether a customer is signed in here on a device that is not ended; for pages that need no login."""
    return bool(request.user.is_authenticated and request.user.is_verified())


def people_of(request: Any) -> list[PartyPerson]:
    """The signed-in customer's own rows, one per party that this session may see; oldest first."""
    noted = request.session.get(ACCESS, {})
    people = saved_people(str(request.user.phone)).order_by("party__business__name", "pk")
    return [person for person in people if noted.get(str(person.party_id)) == person.party.access_version]


def person_at(request: Any, party: Party) -> PartyPerson | None:
    """The signed-in customer's row at `party` if this session reaches it; for doors, which need no login."""
    return person_among(people_of(request), party) if is_signed_in(request) else None


def person_among(people: list[PartyPerson], party: Party) -> PartyPerson | None:
    return next((person for person in people if person.party_id == party.pk), None)


def sees_money(person: PartyPerson) -> bool:
    return person.role != Role.ORDERS


def may_order(person: PartyPerson) -> bool:
    return person.role != Role.ACCOUNTANT


def number_for(person: PartyPerson) -> int:
    """The newest change this person may know of (accounts.changes). Read with the scope; no query."""
    counter = getattr(person.party, "live", None)
    if counter is None:
        return 0
    return int(counter.number if sees_money(person) else counter.order_number)


def party_page(*, money: bool = False, ordering: bool = False) -> Callable[..., Callable[..., HttpResponse]]:
    """Sets request.party, .business, .person and .parties; 404 for a foreign party as for an absent one.

    `money`: not for people who may only order. `ordering`: not for accountants. Both get 403 in plain words.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: Any, party: str, **kwargs: Any) -> HttpResponse:
            people = people_of(request)
            person = next((person for person in people if person.party.public_id == party), None)
            if person is None:
                return kept.forget(request, errors.not_found(request, Http404()))
            if (money and not sees_money(person)) or (ordering and not may_order(person)):
                raise PermissionDenied
            if request.user.consented_at is None:
                here = request.get_full_path() if request.method == "GET" else request.path
                return redirect(reverse("portal:consent", query={"next": here}))
            request.people, request.parties = people, [person.party for person in people]
            request.person, request.party, request.business = person, person.party, person.party.business
            return view(request, **kwargs)

        return inner

    return decorate


def page(
    request: Any, template: str, section: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A portal page with what base_portal.html needs."""
    response = render(
        request,
        template,
        {
            "business": request.business,
            "party": request.party,
            "person": request.person,
            "section": section,
            "many_parties": len(request.parties) > 1,
            "sees_money": sees_money(request.person),
            "may_order": may_order(request.person),
            "live_since": number_for(request.person),
            "live_streams": settings.LIVE_STREAMS,
            **(context or {}),
        },
        status=status,
    )
    if section == "home":  # the page that the browser may keep
        kept.allow(request, response, request.people)
    return response
