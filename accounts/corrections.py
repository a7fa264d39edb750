"""A customer asks the shop to put right what it has saved about them, and the shop takes it over, whole or in part.

Only the party's record changes; issued papers keep the names and addresses they were issued with. Values are texts as
the party's row has them, `phone` in E.164.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import activity, changes, limits, notices, parties
from accounts.asking import ChangedMeanwhile, Kind, RequestRefused, Status, check_open, end, lock, of_party
from accounts.gstin import require_other, state_code
from accounts.models import DataRequest, Notice, Party, PartyPerson, User
from accounts.phones import mask, pretty
from accounts.states import STATES
from accounts.states import name as state_name

DAY, MOST_A_DAY = 24 * 60 * 60, 20  # of a party
# What is taken over together, and what its fields are called. A GSTIN brings its State along.
PARTS: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "gstin": ("gstin",),
    "address": ("address", "city", "pin_code", "state_code"),
    "email": ("email",),
    "phone": ("phone",),
}
LABELS = {
    "name": gettext_lazy("Name"),
    "gstin": gettext_lazy("GSTIN"),
    "address": gettext_lazy("Address"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Mobile number"),
}
FIELDS = tuple(field for fields in PARTS.values() for field in fields)


def current(party: Party, phone: str) -> dict[str, str]:
    """What the shop has saved now: the party's fields, and `phone` as the number of whoever asks ("": not there)."""
    return {field: getattr(party, field) for field in FIELDS if field != "phone"} | {"phone": phone}


def fingerprint(values: Mapping[str, str]) -> str:
    """A short name of the values a page showed, by which it is known whether they still stand."""
    said = json.dumps([values[field] for field in FIELDS], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def changed_words() -> str:
    """To the shop, whose page is of before."""
    return _("This party has changed meanwhile. Look at it once more: nothing was taken over.")


def main_record(party: Party) -> dict[str, str]:
    """What is saved of the party now, with its main number: two queries."""
    stands = Party.objects.get(business_id=party.business_id, pk=party.pk)
    main = party.people.filter(is_main=True).first()
    return current(stands, str(main.phone) if main else "")


def require_shown(party: Party, shown: str) -> None:
    """Lock the party; raises ChangedMeanwhile unless `shown` is the fingerprint of `main_record`. In a transaction."""
    Party.objects.select_for_update(no_key=True).get(business_id=party.business_id, pk=party.pk)
    if fingerprint(main_record(party)) != shown:
        raise ChangedMeanwhile(changed_words())


@transaction.atomic
def ask(person: PartyPerson, by: User, wanted: Mapping[str, str], *, shown: str, note: str = "") -> DataRequest:
    """Ask the shop for these values; an open correction of the same person is replaced by this one.

    `wanted` has every one of FIELDS, `shown` is the fingerprint of what the person saw. The number is the person's own.
    Raises ChangedMeanwhile, RequestRefused and limits.LimitReached.
    """
    party = Party.objects.select_for_update(no_key=True).get(business_id=person.business_id, pk=person.party_id)
    party.business = person.party.business
    now = current(party, str(person.phone))
    if fingerprint(now) != shown:
        raise ChangedMeanwhile(_("The shop has changed your record meanwhile. Look at it once more, then send again."))
    asked = {field: wanted[field] for field in FIELDS if wanted[field] != now[field]}
    if not asked:
        raise RequestRefused(_("Nothing differs from what the shop has saved. Change what is wrong, then send."))
    _check(party, now | asked, asked)
    if "gstin" in asked and state_code(asked["gstin"]) in STATES:
        asked.pop("state_code", None)  # it comes with the GSTIN
    limits.hit("corrections", str(party.pk), most=MOST_A_DAY, seconds=DAY)
    for older in of_party(party).filter(kind=Kind.CORRECTION, status=Status.OPEN, asked_by=by):
        end(older, Status.REPLACED, None)
    seen = {field: now[field] for field in asked} | {"phone": now["phone"]}
    request = DataRequest.objects.create(
        business=party.business, party=party, kind=Kind.CORRECTION, seen=seen, asked=asked, note=note, asked_by=by
    )
    changes.note(party.business_id, party.pk, changes.Kind.PROFILE, request.public_id)
    activity.record(party.business, by, "correction_asked", ("party", str(party.pk)), parts=parts_of(request))
    notices.tell(party, Notice.Kind.CORRECTION, request.pk, ref=request.public_id)
    return request


def _check(party: Party, after: Mapping[str, str], changed: Collection[str]) -> None:
    """Whether the record may read so. Raises RequestRefused."""
    if not after["name"]:
        raise RequestRefused(_("Write the name."), "name")
    try:
        require_other(party.business.gstin, after["gstin"])
    except ValueError as error:
        raise RequestRefused(_("This is the shop's own GSTIN. Write yours."), "gstin") from error
    if party.is_sez and not after["gstin"]:
        raise RequestRefused(_("A buyer in a Special Economic Zone has a GSTIN."), "gstin")
    code = state_code(after["gstin"])
    if code in STATES and code != after["state_code"]:
        raise RequestRefused(_("This GSTIN is of %(state)s.") % {"state": state_name(code)}, "state_code")
    if "phone" in changed and party.people.filter(phone=after["phone"]).exists():
        raise RequestRefused(_("This number is saved here already."), "phone")


def parts_of(request: DataRequest) -> list[str]:
    """The parts a correction asks for, in their order."""
    return [part for part, fields in PARTS.items() if any(field in request.asked for field in fields)]


@transaction.atomic
def accept(request: DataRequest, by: User, parts: Collection[str], *, shown: str, answer: str = "") -> DataRequest:
    """Take these parts over into the party's record; the others stay as they are.

    `shown` is the fingerprint of what stood there when the shop decided. A changed number ends all links and sessions
    of the party. Raises ChangedMeanwhile, and RequestRefused when it is not open any more or cannot be.
    """
    party, locked = lock(request)
    check_open(locked)
    taken = [part for part in parts_of(locked) if part in parts]
    if not taken:
        raise RequestRefused(_("Tick what is right, or decline."))
    person = asker(party, locked)
    now = current(party, str(person.phone) if person else "")
    if fingerprint(now) != shown:
        raise ChangedMeanwhile(changed_words())
    values = {field: locked.asked[field] for part in taken for field in PARTS[part] if field in locked.asked}
    if "gstin" in values and state_code(values["gstin"]) in STATES:
        values["state_code"] = state_code(values["gstin"])
    number = values.pop("phone", "")
    _check(party, now | values | ({"phone": number} if number else {}), {"phone"} if number else set())
    Party.objects.filter(business_id=party.business_id, pk=party.pk).update(**values)
    for field, value in values.items():  # whoever tells of it writes to what is so now
        setattr(party, field, value)
    if number:
        if person is None:
            raise RequestRefused(_("The number that asked is not saved on this party any more."))
        parties.change_number(person, number, by)
    end(locked, Status.ACCEPTED, by, taken=taken, answer=answer)
    activity.record(party.business, by, "correction_accepted", ("party", str(party.pk)), parts=taken)
    return locked


def asker(party: Party, request: DataRequest) -> PartyPerson | None:
    """The person whose number a correction is about; None when that number is gone from the party."""
    return party.people.filter(phone=request.seen["phone"]).first()


# --- as pages show it ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a correction, in words: what stood there when it was asked, what is wanted, what stands there now.

    `is_so`: it reads so already. `has_changed`: it is neither what was seen nor what is wanted. `is_taken`: it was
    taken over.
    """

    part: str
    label: str
    seen: str
    wanted: str
    now: str
    is_so: bool
    has_changed: bool
    is_taken: bool


def differences(request: DataRequest, now: dict[str, str]) -> list[Difference]:
    """`now` as `current` gives it; no query."""
    rows = []
    for part in parts_of(request):
        asked = {field: request.asked[field] for field in PARTS[part] if field in request.asked}
        stands = {field: now[field] for field in asked}
        is_so = stands == asked
        rows.append(
            Difference(
                part=part,
                label=str(LABELS[part]),
                seen=_words(part, now | {field: request.seen[field] for field in asked}),
                wanted=_words(part, now | asked),
                now=_words(part, now),
                is_so=is_so,
                has_changed=not is_so and any(stands[field] != request.seen[field] for field in asked),
                is_taken=part in request.taken,
            )
        )
    return rows


def wishes(request: DataRequest, *, own: bool) -> list[tuple[str, str, bool]]:
    """(label, what is wanted, whether it was taken over) of each part; the number of somebody else is masked."""
    rows = []
    for part in parts_of(request):
        asked = {field: request.asked.get(field, "") for field in PARTS[part]}
        words = _words(part, asked) if own or part != "phone" else mask(asked["phone"])
        rows.append((str(LABELS[part]), words, part in request.taken))
    return rows


def _words(part: str, values: Mapping[str, str]) -> str:
    if part == "address":
        town = " ".join(filter(None, (values["city"], values["pin_code"])))
        return ", ".join(filter(None, (values["address"], town, state_name(values["state_code"]))))
    if part == "gstin" and (state := state_name(state_code(values["gstin"]))):
        return f"{values['gstin']} ({state})"
    if part == "phone":
        return pretty(values["phone"]) if values["phone"] else ""
    return values[part]


def warnings(request: DataRequest) -> list[tuple[str, Party]]:
    """For the shop only: (part, another party of its own that has this GSTIN or number). At most two queries."""
    found: list[tuple[str, Party]] = []
    others = Party.objects.filter(business_id=request.business_id).exclude(pk=request.party_id).order_by("pk")
    if gstin := request.asked.get("gstin"):
        found += [("gstin", party) for party in others.filter(gstin=gstin)[:3]]
    if phone := request.asked.get("phone"):
        found += [("phone", party) for party in others.filter(people__phone=phone)[:3]]
    return found
