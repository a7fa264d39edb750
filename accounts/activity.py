"""Who did what when; written in the transaction of the deed."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast

from accounts.models import Activity, Business, Party, User


def record(business: Business, actor: User | None, verb: str, subject: tuple[str, str], **data: Any) -> Activity:
    """`verb` is a past tense word (issued, cancelled, link_revoked); `data` holds no secret and no full number."""
    return Activity.objects.create(
        business=business, actor=actor, verb=verb, subject_kind=subject[0], subject_id=subject[1], data=data
    )


def record_all(
    business: Business, actor: User | None, deeds: Iterable[tuple[str, tuple[str, str], dict[str, Any]]]
) -> None:
    """Many deeds of one actor: (verb, subject, data) each, as in `record`."""
    Activity.objects.bulk_create(
        Activity(business=business, actor=actor, verb=verb, subject_kind=subject[0], subject_id=subject[1], data=data)
        for verb, subject, data in deeds
    )


LOGGED_IN = "logged_in"


def record_login(actor: User, parties: Iterable[Party], device: str) -> None:
    """A customer came in by a code, through whatever door: each business reads it at the party the code opened."""
    Activity.objects.bulk_create(
        Activity(
            business_id=party.business_id,
            actor=actor,
            verb=LOGGED_IN,
            subject_kind="party",
            subject_id=str(party.pk),
            data={"device": device},
        )
        for party in parties
    )


def last_login(column: str) -> Subquery:
    """For annotate() over parties: `column` of the newest login of anybody of the party (at, data, actor__phone)."""
    about = {"business_id": OuterRef("business_id"), "subject_kind": "party"}
    deeds = Activity.objects.filter(**about, subject_id=Cast(OuterRef("pk"), CharField()), verb=LOGGED_IN)
    return Subquery(deeds.order_by("-id").values(column)[:1])
