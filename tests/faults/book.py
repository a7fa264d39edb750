"""The rows a fault run begins with, and what it asks of them on the way."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q

from accounts.models import Message
from tests import factories
from tests.faults.customers import Shop


def fill(shops: int, parties: int) -> list[Shop]:
    """Shops with a signed-in owner each, and parties with a mobile number each."""
    found = []
    for n in range(shops):
        owner = factories.make_user(name=f"Owner {n}")
        business = factories.make_business(f"Kirana {n}", owner, slug=f"kirana-{n}")
        made = [factories.make_party(business, factories.new_phone()) for _ in range(parties)]
        session = factories.merchant_client(owner).cookies[settings.SESSION_COOKIE_NAME].value
        found.append(Shop(business.slug, session, [party.public_id for party in made]))
    return found


def uncertain() -> set[int]:
    """Ids of the messages that are uncertain now; none while the database is away."""
    try:
        return set(Message.objects.filter(status=Message.Status.UNCERTAIN).values_list("pk", flat=True))
    except (DatabaseError, InterfaceError):
        connection.close()
        return set()


def waiting() -> int:
    """How many messages have not come to an end yet."""
    under_way = Q(status__in=(Message.Status.QUEUED, Message.Status.SENDING))
    open_ = under_way | Q(status=Message.Status.UNCERTAIN, resends=0)
    return Message.objects.filter(open_).count()
