"""What the rules would do, for the shop to look at before it happens: today, and by day in the week to come."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse

from accounts.models import Business
from accounts.money import rupees
from ledger.listing import short_day
from ledger.models import Invoice, PartyReminders, ReminderRule, ReminderSettings
from ledger.reminders import silence
from ledger.reminders.silence import Facts, Silence

LOOKED_AT = 2_000  # open bills; more are counted in no preview
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One overdue or planned invoice as the page shows it; `why` is empty when a reminder would go out."""

    public_id: str
    href: str
    party: str
    number: str
    due: str
    rest: str
    why: str


@dataclass(slots=True)
class Week:
    """`today` what goes out today, `days` (day, how many), `silent` (words, how many) of those a rule asks for today."""

    today: list[Row] = field(default_factory=list)
    days: list[tuple[str, int]] = field(default_factory=list)
    silent: list[tuple[str, int]] = field(default_factory=list)
    is_cut: bool = False


def week(business: Business, day: dt.date, rules: ReminderSettings, shown: int = 50) -> Week:
    """As the book stands now; the caps of each day are kept."""
    found = silence.gather(silence.open_of(business)[: LOOKED_AT + 1], day)
    made = Week(is_cut=len(found) > LOOKED_AT)
    found = found[:LOOKED_AT]
    shop, own = _rules(business)
    used = {facts.invoice_id: set(facts.used) for facts in found}
    today: list[tuple[Facts, str]] = []
    silent: Counter[Silence] = Counter()
    for ahead in range(WEEK_DAYS):
        on, to_party, count = day + dt.timedelta(days=ahead), Counter[int](), 0
        for facts in found:
            asks = own.get(facts.party_id, set()) if facts.mode == PartyReminders.Mode.OWN else shop
            rule = silence.rule_for((on - facts.due_on).days, asks)
            if rule is None or rule in used[facts.invoice_id]:
                continue
            why = silence.why_not_planned(facts, on, rules, to_party[facts.party_id], rule=rule)
            if why is None:
                count += 1
                to_party[facts.party_id] += 1
                used[facts.invoice_id].add(rule)
                if not ahead:
                    today.append((facts, ""))
            elif not ahead:
                silent[why] += 1
        made.days.append((short_day(on), count))
    made.today = rows(business, today[:shown])
    made.silent = [(str(why.label), count) for why, count in silent.most_common()]
    return made


def overdue(business: Business, day: dt.date, shown: int = 100) -> list[Row]:
    """What is overdue, the longest first, each with why no reminder would go out by hand."""
    rules = silence.settings_of(business)
    items = silence.open_of(business).filter(due_on__lt=day).order_by("due_on", "id")[:shown]
    found = silence.gather(items, day)
    return rows(
        business,
        [(facts, str(why.label) if (why := silence.why_not_planned(facts, day, rules)) else "") for facts in found],
    )


def rows(business: Business, found: Sequence[tuple[Facts, str]]) -> list[Row]:
    invoices = Invoice.objects.filter(business=business).select_related("party")
    by_pk = invoices.in_bulk([facts.invoice_id for facts, _why in found])
    made = []
    for facts, why in found:
        invoice = by_pk[facts.invoice_id]
        made.append(
            Row(
                public_id=invoice.public_id,
                href=reverse("ledger:invoice", kwargs={"slug": business.slug, "invoice": invoice.public_id}),
                party=invoice.party.name,
                number=invoice.number,
                due=short_day(invoice.due_on),
                rest=rupees(facts.due_paise),
                why=why,
            )
        )
    return made


def _rules(business: Business) -> tuple[set[int], dict[int, set[int]]]:
    shop: set[int] = set()
    own: dict[int, set[int]] = {}
    rules: Iterable[tuple[int | None, int]] = ReminderRule.objects.filter(
        Q(party=None) | Q(party__reminders__mode=PartyReminders.Mode.OWN), business=business
    ).values_list("party_id", "days")
    for party, days in rules:
        (shop if party is None else own.setdefault(party, set())).add(days)
    return shop, own
