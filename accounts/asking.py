"""What customers ask about the data kept of them: answered once, by the shop, under the lock of the party.

A correction is asked and taken over in `accounts.corrections`; an erasure is carried out by `ledger.erasing`.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, changes
from accounts.models import Business, DataRequest, Party, User
from accounts.walls import Refusal

Kind, Status = DataRequest.Kind, DataRequest.Status
_MUTABLE = {"status", "taken", "answer", "answered_by_id", "answered_at"}


class RequestRefused(Exception):
    """This cannot be asked or answered; the message is for people. `field` is the form's field it belongs to, if any."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


class ChangedMeanwhile(RequestRefused):
    """What is to be written over is not what the reader saw; nothing was changed."""


def refusal() -> Refusal:
    """What was asked never changes, and an answer is given once. Rows go when the party's data is erased."""
    frozen = [str(field.column) for field in DataRequest._meta.concrete_fields if field.column not in _MUTABLE]
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in frozen)
    return Refusal(
        name="data_request_is_frozen",
        table="accounts_datarequest",
        events=("UPDATE",),
        says="what was asked never changes, and is answered once",
        condition=f"OLD.status <> 'open' OR {changed}",
    )


def waiting(business: Business) -> QuerySet[DataRequest]:
    return DataRequest.objects.filter(business_id=business.pk, status=Status.OPEN)


def of_party(party: Party) -> QuerySet[DataRequest]:
    """All that was asked about this party, newest first."""
    return DataRequest.objects.filter(business_id=party.business_id, party=party).order_by("-pk")


def lock(request: DataRequest) -> tuple[Party, DataRequest]:
    """The party locked, and the request as it stands now, with its business. Inside a transaction.

    Raises RequestRefused for one that went meanwhile, with all that was erased of its party.
    """
    party = Party.objects.select_for_update(no_key=True).get(business_id=request.business_id, pk=request.party_id)
    found = DataRequest.objects.select_related("business", "asked_by")
    locked = found.filter(business_id=request.business_id, pk=request.pk).first()
    if locked is None:
        raise RequestRefused(_("This was answered or taken back meanwhile."))
    party.business, locked.party = locked.business, party
    return party, locked


def check_open(request: DataRequest) -> None:
    """Raises RequestRefused for one that was answered, replaced or taken back meanwhile."""
    if request.status != Status.OPEN:
        raise RequestRefused(_("This was answered or taken back meanwhile."))


def end(request: DataRequest, status: DataRequest.Status, by: User | None, **answer: object) -> None:
    """Write the end of an open request; inside the transaction of its deed."""
    request.status, request.answered_by, request.answered_at = status, by, timezone.now()
    for name, value in answer.items():
        setattr(request, name, value)
    request.save(update_fields=["status", "answered_by", "answered_at", *answer])
    changes.note(request.business_id, request.party_id, changes.Kind.PROFILE, request.public_id)


@transaction.atomic
def withdraw(request: DataRequest, by: User) -> DataRequest:
    """The customer takes it back. Twice is as good as once. Raises RequestRefused when the shop has answered."""
    party, locked = lock(request)
    if locked.status == Status.WITHDRAWN:
        return locked
    check_open(locked)
    end(locked, Status.WITHDRAWN, by)
    activity.record(party.business, by, f"{locked.kind}_withdrawn", ("party", str(party.pk)))
    return locked


@transaction.atomic
def decline(request: DataRequest, by: User, why: str) -> DataRequest:
    """The shop says no, and why: the customer reads it. Raises RequestRefused when it is not open any more."""
    party, locked = lock(request)
    check_open(locked)
    end(locked, Status.DECLINED, by, answer=why)
    activity.record(party.business, by, f"{locked.kind}_declined", ("party", str(party.pk)))
    return locked
