"""From rules to queued messages: batches, a page at a time.

A page is one transaction: the batch's row is locked, so many parties are read, the reminders are inserted under their
unique keys, their messages queued, and the batch moves on. A crash loses the page, which is done again; a page done
twice inserts nothing twice. Batches take turns, so that a large one lets the others through. The memory stays that of
one page.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, F, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, outbox, quotas
from accounts.india import TZ, india_date
from accounts.models import Business, Message, Party, User
from accounts.ways import ways
from ledger.models import Batch, Invoice, PartyBalance, PartyReminders, Reminder, ReminderRule, ReminderSettings
from ledger.reminders import hours, silence
from ledger.reminders.silence import Facts, Silence

PAGE = 4_000
MOST_CHOSEN = 500
Kind, Status = Batch.Kind, Batch.Status
UNDER_WAY = (Status.RUNNING, Status.WAITING)
PRIORITY = {
    Kind.SCHEDULE: Message.Priority.SCHEDULED,
    Kind.STATEMENTS: Message.Priority.SCHEDULED,
    Kind.OVERDUE: Message.Priority.BULK,
    Kind.CHOSEN: Message.Priority.BULK,
}
REMINDER, STATEMENT = "reminder", "statement_due"


class ReminderRefused(Exception):
    """No reminder like this; the message is for people of the shop."""


# --- Beginning and ending -----------------------------------------------------------------------------------


def schedule(now: dt.datetime) -> int:
    """Begin the batches of the day for every business whose hour has come; returns how many. Safe to run anywhere,
    any number of times: the day stands on the settings' row and in the batch's unique key."""
    if not hours.is_open(now):
        return 0
    local = now.astimezone(TZ)
    day, active = local.date(), ReminderSettings.objects.filter(business__is_active=True, hour__lte=local.hour)
    begun = 0
    for row in active.filter(Q(planned_on=None) | Q(planned_on__lt=day), is_on=True)[:500]:
        begun += _begin_of_day(row, Kind.SCHEDULE, "planned_on", day)
    since = max(day - dt.timedelta(days=silence.GRACE_DAYS), day.replace(day=1))
    late = active.filter(statement_day__gte=since.day, statement_day__lte=day.day)
    for row in late.filter(Q(statements_on=None) | Q(statements_on__lt=since))[:500]:
        begun += _begin_of_day(row, Kind.STATEMENTS, "statements_on", day)
    return begun


@transaction.atomic
def _begin_of_day(row: ReminderSettings, kind: Batch.Kind, column: str, day: dt.date) -> bool:
    before = getattr(row, column)
    if not ReminderSettings.objects.filter(pk=row.pk, **{column: before}).update(**{column: day}):
        return False
    Batch.objects.bulk_create([Batch(business_id=row.business_id, kind=kind, day=day)], ignore_conflicts=True)
    return True


@transaction.atomic
def begin(business: Business, kind: Batch.Kind, by: User, chosen: Sequence[int] = ()) -> Batch:
    """A batch by hand: OVERDUE, or CHOSEN invoice ids. Raises ReminderRefused."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    if kind == Kind.OVERDUE and business.batches.filter(kind=kind, status__in=UNDER_WAY).exists():
        raise ReminderRefused(_("Reminders for all that is overdue are under way already."))
    if kind == Kind.CHOSEN and not 0 < len(chosen) <= MOST_CHOSEN:
        raise ReminderRefused(_("Choose from 1 to %(most)s invoices.") % {"most": MOST_CHOSEN})
    day = india_date(hours.opens_at(timezone.now()))
    batch = Batch.objects.create(business=business, kind=kind, day=day, chosen=list(chosen), created_by=by)
    activity.record(business, by, "reminders_begun", ("batch", str(batch.pk)), kind=str(kind))
    return batch


@transaction.atomic
def cancel(batch: Batch, by: User) -> int:
    """Plan no more and take back what still waits; returns how many messages were taken back."""
    now = timezone.now()
    Batch.objects.filter(pk=batch.pk, status__in=UNDER_WAY).update(status=Status.CANCELLED, ended_at=now, note="")
    waiting = Message.objects.filter(business_id=batch.business_id, campaign_id=batch.pk, status=Message.Status.QUEUED)
    taken = waiting.update(status=Message.Status.CANCELLED)
    if taken:
        kept = Message.objects.filter(
            business_id=batch.business_id, campaign_id=batch.pk, status=Message.Status.CANCELLED
        ).annotate(about=Cast("subject_id", BigIntegerField()))
        Reminder.objects.filter(
            business_id=batch.business_id, batch=batch, silent_because="", invoice_id__in=kept.values("about")
        ).update(silent_because="cancelled")
    activity.record(batch.business, by, "reminders_cancelled", ("batch", str(batch.pk)), taken=taken)
    return taken


# --- Going on -----------------------------------------------------------------------------------------------


def under_way() -> int:
    """How many batches could go on now."""
    return Batch.objects.filter(status__in=UNDER_WAY, resume_at__lte=timezone.now()).count()


def go_on(seconds: float = 20.0) -> bool:
    """Plan pages of whatever is under way, by turns, for about so long; whether something is left to do at once."""
    until = time.monotonic() + seconds
    while one_page():
        if time.monotonic() > until:
            return True
    return False


@transaction.atomic
def one_page() -> bool:
    """One page of the batch that has waited longest; False when none is to be done now."""
    now = timezone.now()
    waiting = Batch.objects.filter(status__in=UNDER_WAY, resume_at__lte=now).order_by("touched_at", "id")
    batch = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("business").first()
    if batch is None:
        return False
    try:
        room = quotas.room(batch.business_id)
    except quotas.QuotaReached as reached:
        _wait(batch, reached, now)
    else:
        _plan(batch, now, room)
    return True


def _wait(batch: Batch, reached: quotas.QuotaReached, now: dt.datetime) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        status=Status.WAITING, note=str(reached)[:200], resume_at=hours.at(reached.resets_on), touched_at=now
    )


class _Planned(NamedTuple):
    facts: Facts
    rule: int | None


def _plan(batch: Batch, now: dt.datetime, room: int) -> None:
    due_at = hours.opens_at(now)
    day = india_date(due_at)
    rules = silence.settings_of(batch.business)
    found, is_last = _next_parties(batch, day)
    planned, silent = _decide(batch, found, day, rules)
    cut = planned[room].facts.party_id if len(planned) > room else None
    if cut is not None:  # these parties come again when there is room
        planned, is_last = planned[:room], False
        silent = {party: why for party, why in silent.items() if party < cut}
    queued = _queue(batch, planned, day, due_at, rules)
    seen = sum(1 for facts in found if cut is None or facts.party_id < cut)
    counts = Counter(batch.silent)
    for whys in silent.values():
        counts.update(whys)
    batch.silent = dict(counts)
    batch.after_id = cut - 1 if cut is not None else found[-1].party_id if found else batch.after_id
    batch.seen, batch.queued, batch.touched_at = batch.seen + seen, batch.queued + queued, now
    batch.status, batch.note = Status.RUNNING, ""
    if is_last:
        batch.status, batch.ended_at = Status.DONE, now
    batch.save(update_fields=["silent", "after_id", "seen", "queued", "touched_at", "status", "note", "ended_at"])


def _next_parties(batch: Batch, day: dt.date) -> tuple[list[Facts], bool]:
    """The facts of the next whole parties, and whether they are the last. A party with more open bills than a page
    holds is looked at as far as that: its cap is reached long before."""
    if batch.kind == Kind.STATEMENTS:
        found = _owing(batch.business, batch.after_id, day)
        return found, len(found) < PAGE
    items = silence.open_of(batch.business).filter(party_id__gt=batch.after_id)
    if batch.kind == Kind.OVERDUE:
        items = items.filter(due_on__lt=day)
    elif batch.kind == Kind.CHOSEN:
        items = items.filter(invoice_id__in=batch.chosen)
    found = silence.gather(items[:PAGE], day)
    if len(found) < PAGE:
        return found, True
    last = found[-1].party_id
    whole = [facts for facts in found if facts.party_id != last]
    return whole or found, False


def _decide(
    batch: Batch, found: Sequence[Facts], day: dt.date, rules: ReminderSettings
) -> tuple[list[_Planned], dict[int, Counter[str]]]:
    """What goes out, and by party why the rest stays silent."""
    asks = _asking(batch, found)
    planned: list[_Planned] = []
    silent: dict[int, Counter[str]] = {}
    today: Counter[int] = Counter()
    for facts in found:
        rule = None
        why: Silence | None
        if batch.kind == Kind.SCHEDULE:
            rule = silence.rule_for((day - facts.due_on).days, asks(facts))
        if batch.kind == Kind.STATEMENTS:
            why = silence.why_silent(facts, day, rules)
        elif batch.kind == Kind.SCHEDULE and not rules.is_on:
            why = Silence.OFF
        elif batch.kind == Kind.SCHEDULE and rule is None:
            why = Silence.NO_RULE
        else:
            why = silence.why_not_planned(facts, day, rules, today[facts.party_id], rule=rule)
        if why is None:
            planned.append(_Planned(facts, rule))
            today[facts.party_id] += 1
        else:
            silent.setdefault(facts.party_id, Counter())[str(why)] += 1
    return planned, silent


class _asking:  # noqa: N801  a function that remembers
    """The rules that count for a party: its own where it has some, else the shop's."""

    def __init__(self, batch: Batch, found: Sequence[Facts]) -> None:
        self.shop: set[int] = set()
        self.own: dict[int, set[int]] = {}
        if batch.kind != Kind.SCHEDULE:
            return
        own = {facts.party_id for facts in found if facts.mode == PartyReminders.Mode.OWN}
        rules = ReminderRule.objects.filter(Q(party=None) | Q(party_id__in=own), business_id=batch.business_id)
        for party, days in rules.values_list("party_id", "days"):
            (self.shop if party is None else self.own.setdefault(party, set())).add(days)

    def __call__(self, facts: Facts) -> set[int]:
        return self.own.get(facts.party_id, set()) if facts.mode == PartyReminders.Mode.OWN else self.shop


def _owing(business: Business, after: int, day: dt.date) -> list[Facts]:
    """Parties with something to collect, as facts without an invoice."""
    owing = PartyBalance.objects.filter(business=business, debit_paise__gt=F("credit_paise"), party_id__gt=after)
    return party_facts(owing.filter(party__is_walk_in=False).order_by("party_id")[:PAGE], day)


def party_facts(balances: QuerySet[PartyBalance], day: dt.date) -> list[Facts]:
    """What a statement asks about: who can be written to, and whether they want it. Three queries."""
    from accounts import optouts
    from accounts.models import PartyPerson

    columns = ("party_id", "business_id", "debit_paise", "credit_paise", "party__email", "party__language")
    more = ("party__wish__channel", "party__wish__quiet_until", "party__is_shared", "party__reminders__mode")
    rows = list(balances.values_list(*columns, *more))
    people = PartyPerson.objects.filter(party_id__in=[row[0] for row in rows], is_main=True)
    phones = dict(people.values_list("party_id", Cast("phone", CharField())))
    stopped = frozenset(optouts.among([*phones.values(), *(row[4] for row in rows)]))
    return [
        Facts(
            invoice_id=0,
            business_id=business,
            party_id=party,
            due_paise=debit - credit,
            due_on=day,
            first_on=dt.date.min,
            phone=phones.get(party, ""),
            email=email,
            language=language,
            wish=wish or "",
            is_shared=is_shared,
            mode=mode or "",
            quiet_until=quiet,
            stopped=stopped,
        )
        for party, business, debit, credit, email, language, wish, quiet, is_shared, mode in rows
    ]


# --- Writing ------------------------------------------------------------------------------------------------


def _queue(
    batch: Batch, planned: Sequence[_Planned], day: dt.date, due_at: dt.datetime, rules: ReminderSettings
) -> int:
    """Insert the reminders, and a message for each that was not there yet; returns how many."""
    if not planned:
        return 0
    made = _insert(batch, planned, day)
    by_key = {(one.facts.party_id, one.facts.invoice_id): one.facts for one in planned}
    drafts = [
        _draft(by_key[party, invoice or 0], reminder, rules.channel, batch.kind) for reminder, party, invoice in made
    ]
    waiting = 0
    if batch.queued:
        before = Message.objects.filter(campaign_id=batch.pk, status=Message.Status.QUEUED)
        waiting = before.count()
    outbox.enqueue_many(
        drafts,
        priority=PRIORITY[Kind(batch.kind)],
        due_at=due_at,
        campaign_id=batch.pk,
        ahead=waiting,
    )
    quotas.spend(batch.business_id, Counter(draft.channel for draft in drafts))
    return len(drafts)


def _draft(facts: Facts, reminder: int, channel: str, kind: str) -> outbox.Draft:
    (first, to), *rest = ways(*facts.open_addresses(), facts.wish, channel)
    is_statement = kind == Kind.STATEMENTS
    return outbox.Draft(
        kind=STATEMENT if is_statement else REMINDER,
        channel=first,
        to=to,
        subject=("party", str(facts.party_id)) if is_statement else ("invoice", str(facts.invoice_id)),
        business_id=facts.business_id,
        party_id=facts.party_id,
        language=facts.language,
        params={"reminder": reminder},
        fallback=rest,
    )


_INSERT = (
    "INSERT INTO ledger_reminder (business_id, batch_id, day, silent_because, party_id, invoice_id, days) "
    "SELECT {constants}, '', {rows} WHERE true ON CONFLICT DO NOTHING RETURNING id, party_id, invoice_id"
)


def _insert(batch: Batch, planned: Sequence[_Planned], day: dt.date) -> list[tuple[int, int, int | None]]:
    """(reminder, party, invoice) of those that were not decided on before: one INSERT, guarded by the unique keys."""
    import json

    parties = [one.facts.party_id for one in planned]
    invoices = [one.facts.invoice_id or None for one in planned]
    days = [one.rule for one in planned]
    constants = [batch.business_id, batch.pk, connection.ops.adapt_datefield_value(day)]
    if connection.vendor == "postgresql":
        rows = "* FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[])"
        sql = _INSERT.format(constants="%s::bigint, %s::bigint, %s::date", rows=rows)
        values = [*constants, parties, invoices, days]
    else:
        rows = "value->>0, value->>1, value->>2 FROM json_each(%s)"
        sql = _INSERT.format(constants="%s, %s, %s", rows=rows)
        values = [*constants, json.dumps(list(zip(parties, invoices, days, strict=True)))]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


# --- One by hand --------------------------------------------------------------------------------------------


@transaction.atomic
def remind_now(invoice: Invoice, by: User) -> Reminder:
    """One reminder of this invoice by hand, in the hours for it. Raises ReminderRefused with the reason, or QuotaReached."""
    Party.objects.select_for_update(no_key=True).get(pk=invoice.party_id, business_id=invoice.business_id)
    due_at = hours.opens_at(timezone.now())
    day = india_date(due_at)
    facts = silence.of_invoice(invoice, day)
    rules = silence.settings_of(invoice.business)
    rules.least_paise = 0  # by hand, a small amount is the shop's own choice
    why = silence.why_not_planned(facts, day, rules) if facts else Silence.PAID
    if why or facts is None:
        raise ReminderRefused(_("No reminder was sent: %(why)s.") % {"why": (why or Silence.PAID).label})
    reminder = Reminder.objects.create(
        business_id=invoice.business_id, party_id=invoice.party_id, invoice=invoice, day=day
    )
    draft = _draft(facts, reminder.pk, rules.channel, Kind.CHOSEN)
    quotas.reserve(invoice.business_id, draft.channel)
    outbox.enqueue_many([draft], priority=Message.Priority.TODAY, due_at=due_at, by=by)
    activity.record(invoice.business, by, "reminded", ("invoice", str(invoice.pk)), channel=draft.channel)
    return reminder


def hold_at_night(now: dt.datetime) -> int:
    """What is due in the night waits for the morning; returns how many. One UPDATE."""
    if hours.is_open(now):
        return 0
    morning = hours.opens_at(now)
    waiting = Message.objects.filter(
        status=Message.Status.QUEUED, priority__gte=Message.Priority.TODAY, due_at__lt=morning
    )
    return waiting.filter(kind__in=(REMINDER, STATEMENT)).update(due_at=morning)
