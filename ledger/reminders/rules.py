"""The shop's reminder settings: written here, by an owner, with a trace in the activity."""

from collections.abc import Collection

from django.db import transaction

from accounts import activity
from accounts.india import today
from accounts.models import Business, Party, User
from ledger.models import PartyReminders, ReminderRule, ReminderSettings

STARTING_WITH = (-3, 0, 3, 10, 30)  # days after the due date, offered to whoever switches on
MOST_RULES = 12


def of_shop(business: Business) -> list[int]:
    """Days after the due date, the earliest first."""
    rules = ReminderRule.objects.filter(business=business, party=None)
    return sorted(rules.values_list("days", flat=True))


def of_party(party: Party) -> tuple[str, list[int]]:
    """Its mode ("" for the shop's rules, off, own) and its own rules."""
    row = PartyReminders.objects.filter(business_id=party.business_id, party=party).first()
    rules = ReminderRule.objects.filter(business_id=party.business_id, party=party)
    return (row.mode if row else ""), sorted(rules.values_list("days", flat=True))


@transaction.atomic
def change(wanted: ReminderSettings, days: Collection[int], by: User) -> None:
    """Keep the settings and the shop's rules. A day of statements that has passed counts from next month."""
    business = wanted.business
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    before = ReminderSettings.objects.filter(business=business).first()
    if before:
        wanted.pk, wanted.planned_on, wanted.statements_on = before.pk, before.planned_on, before.statements_on
    if wanted.statement_day and (before is None or before.statement_day != wanted.statement_day):
        wanted.statements_on = today()
    wanted.save()
    _keep(business, None, days)
    activity.record(
        business, by, "reminders_changed", ("business", str(business.pk)), on=wanted.is_on, days=sorted(days)
    )


@transaction.atomic
def change_party(party: Party, mode: str, days: Collection[int], by: User) -> None:
    """What counts for one party: "" (the shop's rules), off, or rules of its own."""
    Party.objects.select_for_update(no_key=True).get(pk=party.pk, business_id=party.business_id)
    if mode:
        PartyReminders.objects.update_or_create(business_id=party.business_id, party=party, defaults={"mode": mode})
    else:
        PartyReminders.objects.filter(business_id=party.business_id, party=party).delete()
    _keep(party.business, party, days if mode == PartyReminders.Mode.OWN else ())
    activity.record(party.business, by, "party_reminders", ("party", str(party.pk)), mode=mode, days=sorted(days))


def _keep(business: Business, party: Party | None, days: Collection[int]) -> None:
    rules = ReminderRule.objects.filter(business=business, party=party)
    rules.exclude(days__in=days).delete()
    have = set(rules.values_list("days", flat=True))
    ReminderRule.objects.bulk_create(
        ReminderRule(business=business, party=party, days=day) for day in sorted(set(days) - have)
    )
