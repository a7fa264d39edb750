"""Who did what when; written in the transaction of the deed."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Activity, Business, User


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
