"""How many messages a business may send, and what they may cost: counted when they are queued, in that transaction.

Costs and ceilings are settings (paise); an operator may give one business others (Quota). A ceiling is never passed
silently: `reserve` raises QuotaReached with words for the shop, batches wait until there is room again. Codes and
links that people ask for themselves are no shop's: they have limits of their own (accounts.otp, ledger.sharing).
"""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.india import today
from accounts.models import Quota, Usage
from accounts.money import grouped, rupees

logger = logging.getLogger(__name__)


class QuotaReached(Exception):
    """No room for this message; the words are for the shop. `resets_on` is the day there is room again."""

    def __init__(self, words: str, resets_on: dt.date) -> None:
        super().__init__(words)
        self.resets_on = resets_on


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one business may use: messages in a day, paise in a month."""

    messages_a_day: int
    paise_a_month: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a business has used: messages and paise today, paise this month; `service_paise`: all businesses today."""

    messages: int
    paise_month: int
    service_paise: int


def cost(channel: str) -> int:
    """What one message by this channel costs us, in paise."""
    return int(settings.MESSAGE_COSTS[channel])


def ceiling(business_id: int) -> Ceiling:
    own = Quota.objects.filter(business_id=business_id).first()
    messages = own.messages_a_day if own and own.messages_a_day is not None else settings.MESSAGES_PER_DAY
    paise = own.paise_a_month if own and own.paise_a_month is not None else settings.MESSAGES_PAISE_PER_MONTH
    return Ceiling(messages, paise)


def used(business_id: int) -> Used:
    """As it stands now; locks nothing."""
    day = today()
    month = Usage.objects.filter(business_id=business_id, day__gte=day.replace(day=1), day__lte=day)
    rows = {on: (messages, paise) for on, messages, paise in month.values_list("day", "messages", "paise")}
    paise = sum(paise for _messages, paise in rows.values())
    return Used(rows.get(day, (0, 0))[0], paise, Usage.objects.filter(day=day).aggregate(n=Sum("paise"))["n"] or 0)


def room(business_id: int) -> int:
    """How many messages still fit, whatever their channel; holds the business's row of today until the transaction ends.

    Raises QuotaReached when none fits.
    """
    assert connection.in_atomic_block, "room is held until the messages are written"
    _add(business_id, 0, 0)  # the row's lock: nobody takes the same room meanwhile
    now, most = used(business_id), ceiling(business_id)
    dearest = max(map(int, settings.MESSAGE_COSTS.values())) or 1
    day = today()
    if now.service_paise + dearest > settings.SERVICE_PAISE_PER_DAY:
        logger.error("the service's ceiling of messages is reached: %s paise today", now.service_paise)
        raise QuotaReached(
            _("The service sends no more messages today. They go on tomorrow."), day + dt.timedelta(days=1)
        )
    if now.messages >= most.messages_a_day:
        logger.warning("business %s has used its %s messages of the day", business_id, most.messages_a_day)
        raise QuotaReached(
            _("You have used your %(count)s messages of today. They go on tomorrow.")
            % {"count": grouped(most.messages_a_day)},
            day + dt.timedelta(days=1),
        )
    if now.paise_month + dearest > most.paise_a_month:
        logger.warning("business %s has used its %s paise of the month", business_id, most.paise_a_month)
        raise QuotaReached(
            _("Messages of this month have cost %(amount)s, which is your limit. They go on next month.")
            % {"amount": rupees(most.paise_a_month)},
            (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1),
        )
    return min(
        most.messages_a_day - now.messages,
        (most.paise_a_month - now.paise_month) // dearest,
        (settings.SERVICE_PAISE_PER_DAY - now.service_paise) // dearest,
    )


def spend(business_id: int, channels: Mapping[str, int]) -> None:
    """Count messages just queued: channel -> how many."""
    if number := sum(channels.values()):
        _add(business_id, number, sum(cost(channel) * count for channel, count in channels.items()))


@transaction.atomic
def reserve(business_id: int, channel: str) -> None:
    """Room for one message, in the transaction that queues it. Raises QuotaReached."""
    room(business_id)
    spend(business_id, {channel: 1})


def _add(business_id: int, messages: int, paise: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_usage (business_id, day, messages, paise) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (business_id, day) DO UPDATE SET messages = accounts_usage.messages + excluded.messages, "
            "paise = accounts_usage.paise + excluded.paise",
            [business_id, connection.ops.adapt_datefield_value(today()), messages, paise],
        )
