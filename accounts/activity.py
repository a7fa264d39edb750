"""Who did what when; written in the transaction of the deed."""

from typing import Any

from accounts.models import Activity, Business, User


def record(business: Business, actor: User | None, verb: str, subject: tuple[str, str], **data: Any) -> Activity:
    """`verb` is a past tense word (issued, cancelled, link_revoked); `data` holds no secret and no full number."""
    return Activity.objects.create(
        business=business, actor=actor, verb=verb, subject_kind=subject[0], subject_id=subject[1], data=data
    )
