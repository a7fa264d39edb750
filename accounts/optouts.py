"""Who wants no messages: one list of numbers and e-mail addresses for the whole service, asked at each delivery.

A number on it gets the one-time codes and door links that its owner asks for, and nothing else, whichever shop sends.
The shop sees it and cannot undo it; the person can, after logging in, or by answering START.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import many, outbox
from accounts.logs import storable
from accounts.models import Message, OptOut

Source = OptOut.Source
LONGEST = 254


def normalised(address: str) -> str:
    """Numbers are E.164 already; an e-mail address is the same in any case."""
    return address.strip().lower()


def stop(address: str, source: OptOut.Source) -> bool:
    """No messages to this number or address from now on; False when that was so already. What waits is not sent."""
    row = OptOut(address=normalised(address), source=source)
    if is_stopped(address):
        return False
    with transaction.atomic():
        OptOut.objects.bulk_create([row], ignore_conflicts=True)
    return True


def start(address: str) -> bool:
    """The person wants messages again; False when nothing was stopped."""
    live = OptOut.objects.filter(address=normalised(address), ended_at=None)
    return bool(live.update(ended_at=timezone.now()))


def is_stopped(address: str) -> bool:
    return bool(among([address]))


def among(addresses: Iterable[str]) -> set[str]:
    """Which of these want no messages: one query; as `normalised` writes them."""
    wanted = {normalised(address) for address in addresses if address}
    if not wanted:
        return set()
    return set(OptOut.objects.filter(address__in=many.texts(wanted), ended_at=None).values_list("address", flat=True))


def stopped(column: str) -> Exists:
    """For annotate(): whether the number in this column wants no messages."""
    return Exists(OptOut.objects.filter(address=OuterRef(column), ended_at=None))


def asks(messages: Sequence[Message]) -> dict[int, str]:
    """Message id -> why it must not go out (accounts.outbox asks at delivery)."""
    listed = among(message.to for message in messages)
    words = str(_("asked not to get messages"))
    return {message.pk: words for message in messages if normalised(message.to) in listed}


def record(told: outbox.Stop) -> None:
    """Somebody answered STOP or START, or a provider knows of it; what can be no address of ours is passed over."""
    if len(told.address) > LONGEST or told.address != storable(told.address):
        return
    if not told.is_stop:
        start(told.address)
        return
    by_hand = told.source in {"sms", "whatsapp", "reply", Source.REPLY}
    stop(told.address, Source.REPLY if by_hand else Source.PROVIDER)


def register() -> None:
    outbox.register_refusal(asks)
    outbox.register_stop(record)
