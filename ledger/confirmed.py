"""A balance confirmation as both sides' pages, and the printed one, show it."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import PartyPerson
from accounts.money import rupees, with_side
from ledger import confirmations
from ledger.models import BalanceConfirmation


@dataclass(frozen=True, slots=True)
class Shown:
    """`ours` is the shop's balance and `theirs` the customer's, as Dr and Cr of the shop's book."""

    public_id: str
    as_on: dt.date
    day: str
    agrees: bool
    badge: str
    state: str
    ours: str
    theirs: str
    difference: str
    note: str
    who: str
    role: str
    when: str
    changed: str


def shown(said: BalanceConfirmation) -> Shown:
    """Of one read `with_changes`."""
    badge, state = confirmations.words(said)
    return Shown(
        public_id=said.public_id,
        as_on=said.as_on,
        day=date_format(said.as_on, "DATE_FORMAT"),
        agrees=said.agrees,
        badge=badge,
        state=state,
        ours=with_side(said.balance_paise),
        theirs=with_side(said.theirs_paise),
        difference=rupees(abs(said.theirs_paise - said.balance_paise)),
        note=said.note,
        who=said.name,
        role=str(PartyPerson.Role(said.role).label).partition(":")[0],
        when=date_format(timezone.localtime(said.said_at), "DATETIME_FORMAT"),
        changed=confirmations.change_words(said),
    )
