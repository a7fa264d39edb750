"""What a party's people chose about messages: by which way, and quiet until a day. Opting out is accounts.optouts."""

import datetime as dt

from django.db import transaction

from accounts import activity
from accounts.models import Party, PartyWish, User

MOST_QUIET_DAYS = 90


def of(party: Party) -> PartyWish:
    """As it stands, or as it is before anybody has chosen; makes no row."""
    return PartyWish.objects.filter(business_id=party.business_id, party=party).first() or PartyWish(party=party)


@transaction.atomic
def choose(party: Party, by: User | None, *, channel: str, quiet_until: dt.date | None) -> None:
    """Keep what they chose; `by` is nobody for whoever holds a link. The shop reads it in the activity."""
    PartyWish.objects.update_or_create(
        business_id=party.business_id,
        party=party,
        defaults={"channel": channel, "quiet_until": quiet_until, "changed_by": by},
    )
    until = quiet_until.isoformat() if quiet_until else ""
    activity.record(party.business, by, "chose_messages", ("party", str(party.pk)), channel=channel, quiet_until=until)
