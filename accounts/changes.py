"""Telling open pages of a party that something has changed: numbered rows, written with the change itself.

The number comes from a counter row that stays locked until we commit, so a lower number never becomes visible after a
higher one was read (a serial of the database would), and what is rolled back leaves no gap.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import Change

KEPT = timedelta(days=2)
Kind = Change.Kind
# What a helper for orders hears of too.
FOR_HELPERS = {Kind.ORDER, Kind.RIGHTS}


def note(business_id: int, party_id: int, kind: Kind, subject: str = "") -> None:
    """Say that something of this party has changed; `subject` is its public id. Call it inside the change's
    transaction, after the party was locked."""
    order = 1 if kind in FOR_HELPERS else 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_changecounter (business_id, party_id, number, order_number) VALUES (%s, %s, 1, %s) "
            "ON CONFLICT (party_id) DO UPDATE SET number = accounts_changecounter.number + 1, order_number = "
            "CASE WHEN excluded.order_number = 1 THEN accounts_changecounter.number + 1 "
            "ELSE accounts_changecounter.order_number END RETURNING number",
            [business_id, party_id, order],
        )
        number = cursor.fetchone()[0]
    Change.objects.create(business_id=business_id, party_id=party_id, number=number, kind=kind, subject=subject)


def note_all(business_id: int, party_ids: Iterable[int], kind: Kind) -> None:
    """The same for many parties at once, in the order of their ids."""
    for party_id in sorted(set(party_ids)):
        note(business_id, party_id, kind)


def forget_old() -> None:
    """Whoever comes back after longer is told that all may have changed."""
    Change.objects.filter(at__lt=timezone.now() - KEPT).delete()
