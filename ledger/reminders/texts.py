"""The texts of reminders, made at delivery for a whole batch of messages: everything is asked again under the locks of
the parties, so that what was paid, promised, disputed or refused meanwhile stays silent.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts import outbox, wording
from accounts.gateways import GatewayError, Text
from accounts.india import today
from accounts.models import Message, Party
from accounts.money import rs, rupees
from accounts.wording import AMOUNT, DATE, DAYS, NAME, NUMBER, URL, Wording
from ledger import links, sharing
from ledger.models import Invoice, PartyBalance, Reminder, ReminderSettings, ShareLink
from ledger.reminders import hours, planning, silence
from ledger.reminders.silence import Facts, Silence
from ledger.statements import Period


def register() -> None:
    due = {"business": NAME, "party": NAME, "number": NUMBER, "amount": AMOUNT, "due": DATE, "url": URL, "stop": URL}
    wording.register(
        Wording("reminder", due),
        Wording("reminder_late", due),
        Wording("statement_due", {"business": NAME, "party": NAME, "days": DAYS, "url": URL, "stop": URL}),
    )
    outbox.register_many(planning.REMINDER, reminders)
    outbox.register_many(planning.STATEMENT, statements)


def reminders(messages: Sequence[Message]) -> dict[int, Text | None]:
    """Texts for reminders, None for one that is not wanted any more; the reason stands on the reminder then."""
    _only_by_day()
    with transaction.atomic():
        decided = _decided(messages)
        _lock_parties(decided)
        silent = _silent_invoices(decided.values())
        _keep(silent)
        due = {pk: row for pk, row in decided.items() if row.pk not in silent and row.invoice is not None}
        link_of = links.for_invoices([row.invoice for row in due.values() if row.invoice])
    return {
        message.pk: _reminder_text(message, link_of[due[message.pk].invoice_id or 0]) if message.pk in due else None
        for message in messages
    }


def statements(messages: Sequence[Message]) -> dict[int, Text | None]:
    """The same for statements of the schedule: the months before, up to the day it was decided for."""
    _only_by_day()
    with transaction.atomic():
        decided = _decided(messages)
        _lock_parties(decided)
        silent = _silent_parties(decided.values())
        _keep(silent)
        link_of = {
            pk: links.for_statement(row.party, period_of(row.day), None)
            for pk, row in decided.items()
            if row.pk not in silent
        }
    return {
        message.pk: _statement_text(message, link_of[message.pk]) if message.pk in link_of else None
        for message in messages
    }


def period_of(day: dt.date) -> Period:
    """What a statement sent on `day` shows: the month before and what came since."""
    return Period((day.replace(day=1) - dt.timedelta(days=1)).replace(day=1), day)


def _only_by_day() -> None:
    now = timezone.now()
    if not hours.is_open(now):
        wait = (hours.opens_at(now) - now).total_seconds()
        raise GatewayError("reminders go out from 10:00 to 21:00", retry_after=wait)


# --- Asked again --------------------------------------------------------------------------------------------


def _decided(messages: Sequence[Message]) -> dict[int, Reminder]:
    """Message id -> its reminder, of the message's own business."""
    wanted = {message.params["reminder"]: message for message in messages}
    found = Reminder.objects.select_related("business__sender", "party", "invoice__open_item").filter(
        pk__in=wanted, business_id__in={message.business_id for message in messages}
    )
    by_pk = {row.pk: row for row in found}
    return {
        message.pk: row
        for message in messages
        if (row := by_pk.get(message.params["reminder"])) and row.business_id == message.business_id
    }


def _lock_parties(decided: dict[int, Reminder]) -> None:
    """As postings do, so that no payment, promise or question comes in between. In the order of their ids."""
    ids = sorted({row.party_id for row in decided.values()})
    locked = Party.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    fresh = {party.pk: party for party in locked}
    for row in decided.values():
        row.party = fresh[row.party_id]
        row.party.business = row.business
        if row.invoice:
            row.invoice.party, row.invoice.business = row.party, row.business


def _silent_invoices(rows: Iterable[Reminder]) -> dict[int, Silence]:
    """Reminder id -> why it stays silent after all."""
    decided = list(rows)
    businesses = {row.business_id for row in decided}
    rules = {found.business_id: found for found in ReminderSettings.objects.filter(business_id__in=businesses)}
    items = silence.receivables().filter(business_id__in=businesses, invoice_id__in=[row.invoice_id for row in decided])
    day = today()
    facts = {one.invoice_id: one for one in silence.gather(items, day, without=[row.pk for row in decided])}
    silent = {}
    for row in decided:
        rule = rules.get(row.business_id) or ReminderSettings(business=row.business)
        if why := _why(row, facts.get(row.invoice_id or 0), rule, day):
            silent[row.pk] = why
    return silent


def _why(row: Reminder, facts: Facts | None, rules: ReminderSettings, day: dt.date) -> Silence | None:
    if facts is None or row.invoice is None or row.invoice.status != Invoice.Status.ISSUED:
        return Silence.PAID
    if row.days is not None and not rules.is_on:
        return Silence.OFF
    if row.batch_id is None:  # by hand: the shop knows how much is due
        rules = ReminderSettings(business_id=row.business_id, least_paise=0)
    return silence.why_silent(facts, day, rules)


def _silent_parties(rows: Iterable[Reminder]) -> dict[int, Silence]:
    decided = list(rows)
    parties = [row.party_id for row in decided]
    balances = PartyBalance.objects.filter(business_id__in={row.business_id for row in decided}, party_id__in=parties)
    day = today()
    facts = {one.party_id: one for one in planning.party_facts(balances, day)}
    least = ReminderSettings(least_paise=1)
    return {
        row.pk: why
        for row in decided
        if (why := silence.why_silent(facts[row.party_id], day, least) if row.party_id in facts else Silence.PAID)
    }


def _keep(silent: dict[int, Silence]) -> None:
    by_reason: defaultdict[Silence, list[int]] = defaultdict(list)
    for pk, why in silent.items():
        by_reason[why].append(pk)
    for why, pks in by_reason.items():
        Reminder.objects.filter(pk__in=pks).update(silent_because=why)


# --- Words --------------------------------------------------------------------------------------------------


def stop_url(link: ShareLink) -> str:
    """Where whoever gets messages chooses how, and whether at all."""
    page = "portal:statement_wishes" if link.kind == ShareLink.Kind.STATEMENT else "portal:invoice_wishes"
    return settings.SITE_URL + reverse(page, kwargs={"token": links.token(link)})


def _reminder_text(message: Message, link: ShareLink) -> Text:
    invoice = link.invoice
    assert invoice is not None, "a reminder is of an invoice"
    with translation.override(wording.spoken(message)):
        values = sharing.context_of(link) | {"stop": stop_url(link)}
        in_english = translation.get_language() in (None, "en")
        values["amount"] = rs(invoice.due_paise) if in_english else rupees(invoice.due_paise)
        name = "reminder" if invoice.due_on >= today() else "reminder_late"
        return wording.text_for(message, values, name)


def _statement_text(message: Message, link: ShareLink) -> Text:
    with translation.override(wording.spoken(message)):
        return wording.text_for(message, sharing.context_of(link) | {"stop": stop_url(link)})
