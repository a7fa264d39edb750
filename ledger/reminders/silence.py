"""Who is left in peace, and why: one pure rule over facts, and one reading of the facts for many invoices.

The rule is asked when reminders are planned, in the preview, by hand, and again at the moment of sending.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Count, FilteredRelation, Min, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts import many, optouts
from accounts.india import india_date
from accounts.models import Business
from ledger import promises
from ledger.models import (
    Invoice,
    OpenItem,
    PartyReminders,
    PaymentClaim,
    Query,
    Reminder,
    ReminderSettings,
    ShareLink,
)

WEEK = dt.timedelta(days=7)
# A rule whose day was missed (the shop switched on later, the service was away) is made up for so many days.
GRACE_DAYS = 2


class Silence(models.TextChoices):
    """Why an invoice is not reminded of."""

    PAID = "paid", _("nothing is due on it")
    COVERED = "covered", _("what they have with you in advance covers all they owe")
    OFF = "off", _("reminders are switched off")
    PARTY_OFF = "party_off", _("you switched reminders off for this party")
    NOT_SHARED = "not_shared", _("you stopped sharing with this party")
    NO_WAY = "no_way", _("no mobile number or e-mail address is saved")
    OPTED_OUT = "opted_out", _("asked not to get messages")
    PAUSED = "paused", _("the party asked for quiet for some days")
    QUERY = "query", _("a question about it is open")
    PROMISED = "promised", _("they promised to pay by a day that is still to come")
    CLAIMED = "claimed", _("they say they have paid; answer that first")
    SMALL = "small", _("less is due than you remind of")
    FIRST_DAY = "first_day", _("it was issued or sent for the first time today")
    NO_RULE = "no_rule", _("no rule asks for a reminder on this day")
    RULE_DONE = "rule_done", _("the reminder of this rule went out already")
    TODAY = "today", _("it was reminded of today")
    INVOICE_CAP = "invoice_cap", _("it was reminded of as often as you allow")
    DAY_CAP = "day_cap", _("the party got enough reminders today")
    WEEK_CAP = "week_cap", _("the party got enough reminders in these 7 days")


class Facts(NamedTuple):
    """What is known of one issued invoice on a day. Amounts in paise, `phone` in E.164.

    `is_covered`: on balance its party owes nothing, as an advance is not used yet.
    `first_on`: its own date, or the day the shop first shared it, whichever is later. `used`: the rules (days) that
    have reminded of it; `reminded`: how often in all; `party_today` and `party_week`: reminders to its party.
    """

    invoice_id: int
    business_id: int
    party_id: int
    due_paise: int
    due_on: dt.date
    first_on: dt.date
    phone: str = ""
    email: str = ""
    language: str = "en"
    wish: str = ""
    is_shared: bool = True
    mode: str = ""
    quiet_until: dt.date | None = None
    is_covered: bool = False
    is_queried: bool = False
    is_promised: bool = False
    is_claimed: bool = False
    stopped: frozenset[str] = frozenset()
    used: frozenset[int] = frozenset()
    reminded: int = 0
    reminded_today: bool = False
    party_today: int = 0
    party_week: int = 0

    def open_addresses(self) -> tuple[str, str]:
        """Number and address as far as they may be written to."""
        if not self.stopped:
            return self.phone, self.email
        phone = "" if optouts.normalised(self.phone) in self.stopped else self.phone
        return phone, "" if optouts.normalised(self.email) in self.stopped else self.email


# --- The rule -----------------------------------------------------------------------------------------------


def rule_for(late: int, rules: Collection[int]) -> int | None:
    """The rule (days after the due date) that asks on a day `late` days after it: the newest of the last few days."""
    return max((days for days in rules if 0 <= late - days <= GRACE_DAYS), default=None)


def why_silent(facts: Facts, day: dt.date, rules: ReminderSettings) -> Silence | None:
    """What keeps this invoice's party in peace on `day`, whoever asks; None when nothing does. Asked again at sending."""
    if facts.due_paise <= 0:
        return Silence.PAID
    if facts.is_covered:
        return Silence.COVERED
    if facts.mode == PartyReminders.Mode.OFF:
        return Silence.PARTY_OFF
    if not facts.is_shared:
        return Silence.NOT_SHARED
    if not any(facts.open_addresses()):
        return Silence.OPTED_OUT if facts.phone or facts.email else Silence.NO_WAY
    if facts.quiet_until is not None and facts.quiet_until >= day:
        return Silence.PAUSED
    if facts.is_queried:
        return Silence.QUERY
    if facts.is_promised:
        return Silence.PROMISED
    if facts.is_claimed:
        return Silence.CLAIMED
    if facts.due_paise < rules.least_paise:
        return Silence.SMALL
    if facts.first_on >= day:
        return Silence.FIRST_DAY
    return None


def why_not_planned(
    facts: Facts, day: dt.date, rules: ReminderSettings, planned_today: int = 0, *, rule: int | None = None
) -> Silence | None:
    """`why_silent`, and what has gone out before. `planned_today`: to this party in this very round; `rule`: by which."""
    if why := why_silent(facts, day, rules):
        return why
    if rule is not None and rule in facts.used:
        return Silence.RULE_DONE
    if facts.reminded_today:
        return Silence.TODAY
    if facts.reminded >= rules.most_per_invoice:
        return Silence.INVOICE_CAP
    if facts.party_today + planned_today >= rules.most_per_day:
        return Silence.DAY_CAP
    if facts.party_week + planned_today >= rules.most_per_week:
        return Silence.WEEK_CAP
    return None


# --- The facts ----------------------------------------------------------------------------------------------

_COLUMNS = (
    *("invoice_id", "business_id", "party_id", "open_paise", "due_on", "invoice__issued_on", "number"),
    *("party__email", "party__language", "party__wish__channel", "party__is_shared", "party__reminders__mode"),
    *("party__wish__quiet_until", "party__balance__debit_paise", "party__balance__credit_paise"),
)


def receivables() -> QuerySet[OpenItem]:
    """Open items of issued invoices, with the party's main number."""
    return (
        OpenItem.objects.filter(side=OpenItem.Side.DEBIT, invoice__isnull=False)
        .alias(main=FilteredRelation("party__people", condition=Q(party__people__is_main=True)))
        # As text: the field would take each number apart, which costs more than all else here.
        .annotate(number=Cast("main__phone", models.CharField()))
    )


def gather(items: QuerySet[OpenItem], day: dt.date, *, without: Iterable[int] = ()) -> list[Facts]:
    """The facts of these open items (from `receivables`) in their order: nine queries, however many there are.

    `without`: ids of reminders that do not count (those about to be sent).
    """
    rows = list(items.values_list(*_COLUMNS))
    if not rows:
        return []
    invoices, parties = [row[0] for row in rows], list({row[2] for row in rows})
    businesses = list({row[1] for row in rows})
    shared = _first_shared(invoices, businesses)
    queried, promised = disputed(invoices, businesses), promised_on(day, invoices, businesses)
    claimed, claiming = _claimed(parties, businesses)
    past, today, week = _reminded(invoices, parties, businesses, day, set(without))
    stopped = optouts.among([address for row in rows for address in (str(row[6] or ""), row[7])])
    facts = []
    for row in rows:
        pk, business, party, paise, due_on, issued, saved, email, language, wish, is_shared, mode, quiet, *sums = row
        phone = saved or ""
        before = past.get(pk)
        facts.append(
            Facts(
                invoice_id=pk,
                business_id=business,
                party_id=party,
                due_paise=paise,
                due_on=due_on,
                first_on=max(issued, shared[pk]) if pk in shared else issued,
                phone=phone,
                email=email,
                language=language,
                wish=wish or "",
                is_shared=is_shared,
                mode=mode or "",
                quiet_until=quiet,
                is_covered=(sums[0] or 0) <= (sums[1] or 0),  # none before the first entry
                is_queried=pk in queried,
                is_promised=pk in promised,
                is_claimed=pk in claimed or party in claiming,
                stopped=_own(stopped, phone, email) if stopped else _NONE,
                used=frozenset(before.used) if before else _NO_RULES,
                reminded=before.times if before else 0,
                reminded_today=before.today if before else False,
                party_today=today.get(party, 0),
                party_week=week.get(party, 0),
            )
        )
    return facts


_NONE: frozenset[str] = frozenset()
_NO_RULES: frozenset[int] = frozenset()


def _own(stopped: set[str], *addresses: str) -> frozenset[str]:
    return frozenset(map(optouts.normalised, addresses)) & stopped


def _first_shared(invoices: list[int], businesses: list[int]) -> dict[int, dt.date]:
    """The day of the first link that somebody of the shop made; links made for reminders are nobody's."""
    links = ShareLink.objects.filter(
        business_id__in=businesses, invoice_id__in=many.numbers(invoices), created_by__isnull=False
    )
    firsts = links.values_list("invoice_id").annotate(first=Min("created_at"))
    return {pk: india_date(first) for pk, first in firsts if pk is not None}


def disputed(invoices: list[int], businesses: list[int]) -> set[int]:
    """Invoices about which a question is open."""
    asked = Query.objects.filter(
        business_id__in=businesses, invoice_id__in=many.numbers(invoices), status=Query.Status.OPEN
    )
    return {pk for pk in asked.values_list("invoice_id", flat=True) if pk}


def promised_on(day: dt.date, invoices: list[int], businesses: list[int]) -> set[int]:
    """Invoices that are promised to be paid by `day` or a later one."""
    found = Invoice.objects.filter(promises.covering(day), business_id__in=businesses, pk__in=many.numbers(invoices))
    return set(found.values_list("pk", flat=True))


def _claimed(parties: list[int], businesses: list[int]) -> tuple[set[int], set[int]]:
    """Invoices, and parties for all they owe, of which somebody says they have paid and the shop has not answered."""
    waiting = PaymentClaim.objects.filter(
        business_id__in=businesses, party_id__in=many.numbers(parties), status=PaymentClaim.Status.PENDING
    )
    rows = list(waiting.values_list("invoice_id", "party_id"))
    return {pk for pk, _party in rows if pk}, {party for pk, party in rows if not pk}


@dataclass(slots=True)
class _Past:
    times: int = 0
    today: bool = False
    used: set[int] = field(default_factory=set)


def _reminded(
    invoices: list[int], parties: list[int], businesses: list[int], day: dt.date, without: set[int]
) -> tuple[dict[int, _Past], dict[int, int], dict[int, int]]:
    """What went before: by invoice, and by party today and in seven days. Reminders kept silent at sending were none."""
    kept = Reminder.objects.filter(business_id__in=businesses)
    past: defaultdict[int, _Past] = defaultdict(_Past)
    rows = kept.filter(invoice_id__in=many.numbers(invoices)).exclude(pk__in=without)
    for pk, on, days, why in rows.values_list("invoice_id", "day", "days", "silent_because"):
        before = past[pk or 0]
        before.times += not why
        before.today |= on == day
        if days is not None:
            before.used.add(days)
    sent = kept.filter(
        party_id__in=many.numbers(parties), invoice__isnull=False, day__gt=day - WEEK, day__lte=day, silent_because=""
    )
    counts: dict[str, Any] = {"week": Count("pk"), "today": Count("pk", filter=Q(day=day))}
    by_party = list(sent.exclude(pk__in=without).values_list("party_id").annotate(**counts))
    return past, {row[0]: row[2] for row in by_party}, {row[0]: row[1] for row in by_party}


def of_invoice(invoice: Invoice, day: dt.date) -> Facts | None:
    """The facts of one invoice; None for a draft, a cancelled one, or a credit note."""
    found = gather(receivables().filter(business_id=invoice.business_id, invoice=invoice), day)
    return found[0] if found and invoice.status == Invoice.Status.ISSUED else None


def settings_of(business: Business) -> ReminderSettings:
    """As they stand, or as they are before anybody has changed them; makes no row."""
    return ReminderSettings.objects.filter(business=business).first() or ReminderSettings(business=business)


def open_of(business: Business) -> QuerySet[OpenItem]:
    """What may be reminded of, party by party and the oldest bill first (index items_still_open)."""
    return receivables().filter(business=business, open_paise__gt=0).order_by("party_id", "due_on", "id")
