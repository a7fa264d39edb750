"""Changing who may see a party's ledger: numbers, stop and start of sharing. Each raises `access_version`,
which links and sessions carry, so that both end at once."""

from django.db import transaction
from django.db.models import F

from accounts import activity, changes
from accounts.models import Party, PartyPerson, User


class MainNumber(Exception):
    """The main number of a party keeps all rights."""


EDITABLE = (
    "name",
    "gstin",
    "address",
    "city",
    "pin_code",
    "state_code",
    "email",
    "credit_days",
    "credit_limit_paise",
    "language",
    "reference",
    "note",
)


@transaction.atomic
def save(party: Party, phone: str, person_name: str, by: User | None) -> Party:
    """Write a new or changed party with its main number (E.164, "" for none).

    A changed number ends the party's links and sessions. Raises IntegrityError when another party of the business
    has the same reference.
    """
    if party._state.adding:
        party.save()
        activity.record(party.business, by, "party_added", ("party", str(party.pk)))
    else:
        # Whether and since when it is shared is not the form's business: a stop meanwhile must stand.
        party.save(update_fields=EDITABLE)
        activity.record(party.business, by, "party_changed", ("party", str(party.pk)))
    set_main_number(party, phone, person_name, by)
    return party


@transaction.atomic
def set_main_number(party: Party, phone: str, name: str, by: User | None) -> None:
    """Save, change or remove (phone "") the party's own mobile number. A change ends its links and sessions.

    `phone` is E.164. A number that another person of the party already has becomes that party's main number.
    """
    Party.objects.select_for_update(no_key=True).get(business_id=party.business_id, pk=party.pk)
    main = party.people.filter(is_main=True).first()
    if main and str(main.phone) == phone:
        if main.name != name:
            PartyPerson.objects.filter(pk=main.pk).update(name=name)
        return
    if main:
        main.delete()
    if phone:
        party.people.filter(phone=phone).delete()
        PartyPerson.objects.create(
            business_id=party.business_id,
            party=party,
            phone=phone,
            name=name,
            role=PartyPerson.Role.OWNER,
            is_main=True,
        )
    if main:
        _end_access(party)
        activity.record(party.business, by, "number_changed", ("party", str(party.pk)))


@transaction.atomic
def change_number(person: PartyPerson, phone: str, by: User) -> None:
    """Another number (E.164) for this person, with the same rights: it logs in by a code of its own. All links and
    sessions of the party end. Raises IntegrityError when the party has that number already.
    """
    party = Party.objects.select_for_update(no_key=True).get(business_id=person.business_id, pk=person.party_id)
    if PartyPerson.objects.filter(business_id=party.business_id, party=party, pk=person.pk).update(phone=phone):
        _end_access(party)
        activity.record(party.business, by, "number_changed", ("party", str(party.pk)))


@transaction.atomic
def add_person(party: Party, phone: str, name: str, role: str, by: User | None) -> PartyPerson:
    """One more number that may log in; the first one becomes the main number. Raises IntegrityError when it is there."""
    Party.objects.select_for_update(no_key=True).get(business_id=party.business_id, pk=party.pk)
    is_main = not party.people.filter(is_main=True).exists()
    person = PartyPerson.objects.create(
        business_id=party.business_id, party=party, phone=phone, name=name, role=role, is_main=is_main
    )
    activity.record(party.business, by, "person_added", ("party", str(party.pk)))
    return person


@transaction.atomic
def change_role(person: PartyPerson, role: str, by: User) -> None:
    """What this number may see and do, from its next request on. The main number stays an owner: the shop's messages,
    with their amounts, go to it. Raises MainNumber; the same role again changes nothing.
    """
    party = Party.objects.select_for_update(no_key=True).get(business_id=person.business_id, pk=person.party_id)
    found = party.people.filter(pk=person.pk).first()
    if found is None or found.role == role:
        return
    if found.is_main and role != PartyPerson.Role.OWNER:
        raise MainNumber
    PartyPerson.objects.filter(pk=found.pk).update(role=role)
    changes.note(party.business_id, party.pk, changes.Kind.RIGHTS)
    activity.record(party.business, by, "rights_changed", ("party", str(party.pk)), role=role)


@transaction.atomic
def remove_person(person: PartyPerson, by: User) -> None:
    """Take a number away: it cannot log in any more, and what it had open ends."""
    party = Party.objects.select_for_update(no_key=True).get(business_id=person.business_id, pk=person.party_id)
    person.delete()
    _end_access(party)
    activity.record(party.business, by, "person_removed", ("party", str(party.pk)))


@transaction.atomic
def set_shared(party: Party, is_shared: bool, by: User) -> None:
    """Stop or start sharing the ledger with a party. Stopping ends every link and session at once, for good."""
    changed = Party.objects.filter(business_id=party.business_id, pk=party.pk).exclude(is_shared=is_shared)
    if changed.update(is_shared=is_shared, access_version=F("access_version") + 1):
        verb = "sharing_started" if is_shared else "sharing_stopped"
        activity.record(party.business, by, verb, ("party", str(party.pk)))
    party.refresh_from_db(fields=["is_shared", "access_version"])


@transaction.atomic
def end_sessions(party: Party, by: User) -> None:
    """Sign every customer of this party out and end its links; they can come back by a fresh link."""
    _end_access(party)
    activity.record(party.business, by, "sessions_ended", ("party", str(party.pk)))


def _end_access(party: Party) -> None:
    Party.objects.filter(pk=party.pk).update(access_version=F("access_version") + 1)
    party.refresh_from_db(fields=["access_version"])
