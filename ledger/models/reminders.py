"""Reminders: the shop's rules, what was decided for which invoice, and batches of them (ledger.reminders)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Message, Party
from accounts.models.ids import PublicIdField
from accounts.walls import tenant_key
from ledger.models.invoices import Invoice
from ledger.models.keys import document_key, party_key

FIRST_HOUR, LAST_HOUR = 10, 20  # promotional SMS go out from 10:00 to 21:00 (TRAI); reminders keep to it


class ReminderSettings(models.Model):
    """How a business reminds. Amounts in paise, hours in India. Off until an owner switches it on.

    `planned_on` is the last day that the schedule has planned, `statements_on` the last day of statements.
    """

    business = models.OneToOneField(Business, models.CASCADE, related_name="reminder_settings")
    is_on = models.BooleanField(_("send reminders by these rules"), default=False)
    hour = models.PositiveSmallIntegerField(
        _("at"), default=11, validators=[MinValueValidator(FIRST_HOUR), MaxValueValidator(LAST_HOUR)]
    )
    channel = models.CharField(_("by"), max_length=10, choices=Message.Channel, default=Message.Channel.WHATSAPP)
    least_paise = models.BigIntegerField(_("only when at least this is due"), default=100_00)
    most_per_invoice = models.PositiveSmallIntegerField(
        _("at most, for one invoice"), default=6, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    most_per_day = models.PositiveSmallIntegerField(
        _("at most, to one party in a day"), default=2, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    most_per_week = models.PositiveSmallIntegerField(
        _("at most, to one party in 7 days"), default=5, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    statement_day = models.PositiveSmallIntegerField(
        _("send statements on day"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    planned_on = models.DateField(null=True, editable=False)
    statements_on = models.DateField(null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["planned_on"], condition=Q(is_on=True), name="reminders_to_plan"),
            models.Index(fields=["statement_day"], condition=Q(statement_day__isnull=False), name="statements_to_plan"),
        ]
        constraints = [
            models.CheckConstraint(
                name="reminders_keep_to_the_day", condition=Q(hour__gte=FIRST_HOUR, hour__lte=LAST_HOUR)
            ),
            models.CheckConstraint(name="least_to_remind_of_is_not_negative", condition=Q(least_paise__gte=0)),
        ]


class ReminderRule(models.Model):
    """Remind so many days after the due date (negative: before). Of the shop, or of one party instead of the shop's."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="reminder_rules")
    party = models.ForeignKey(Party, models.CASCADE, null=True, related_name="reminder_rules", db_constraint=False)
    days = models.SmallIntegerField(validators=[MinValueValidator(-60), MaxValueValidator(365)])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_shop_has_a_rule_once", fields=["business", "days"], condition=Q(party=None)
            ),
            models.UniqueConstraint(
                name="a_party_has_a_rule_once",
                fields=["business", "party", "days"],
                condition=Q(party__isnull=False),
            ),
            models.CheckConstraint(name="a_rule_is_near_the_due_date", condition=Q(days__gte=-60, days__lte=365)),
            tenant_key("rule_for_party_of_same_business", "party_id", "accounts_party"),
        ]


class PartyReminders(models.Model):
    """What the shop has set for one party: nothing at all, or rules of its own (an absent row: the shop's)."""

    class Mode(models.TextChoices):
        OFF = "off", _("No reminders")
        OWN = "own", _("Rules of its own")

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    party = models.OneToOneField(Party, models.CASCADE, related_name="reminders", db_constraint=False)
    mode = models.CharField(max_length=3, choices=Mode)

    class Meta:
        constraints = [tenant_key("reminders_of_party_of_same_business", "party_id", "accounts_party")]


class Batch(models.Model):
    """Many reminders or statements planned together, by the schedule or by hand: a page at a time, each in one
    transaction with `after_id`, so that a crash loses nothing and doing a page twice changes nothing.

    `seen` counts what was looked at, `queued` what was queued, `silent` why the others stay silent: reason -> number.
    `resume_at`: it goes on then (the shop's messages of the day are used up, or it is night).
    """

    class Kind(models.TextChoices):
        SCHEDULE = "schedule", _("Reminders by the rules")
        OVERDUE = "overdue", _("Reminders for all that is overdue")
        CHOSEN = "chosen", _("Reminders for chosen invoices")
        STATEMENTS = "statements", _("Statements")

    class Status(models.TextChoices):
        RUNNING = "running", _("Under way")
        WAITING = "waiting", _("Waits")
        DONE = "done", _("Planned")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=10, choices=Kind)
    day = models.DateField()
    status = models.CharField(max_length=9, choices=Status, default=Status.RUNNING)
    # The ids of the chosen ones; {"rules": [...]} is not kept: the rules of the moment count.
    chosen = models.JSONField(default=list)
    after_id = models.BigIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    silent = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    resume_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(
                fields=["touched_at", "id"], condition=Q(status__in=["running", "waiting"]), name="batches_under_way"
            ),
            models.Index(fields=["business", "-id"], name="batches_of_business"),
        ]
        constraints = [
            models.UniqueConstraint(name="batch_in_business", fields=["business", "id"]),
            models.UniqueConstraint(
                name="a_day_is_planned_once",
                fields=["business", "kind", "day"],
                condition=Q(kind__in=["schedule", "statements"]),
            ),
            models.UniqueConstraint(
                name="all_that_is_overdue_is_reminded_of_once_at_a_time",
                fields=["business", "kind"],
                condition=Q(kind="overdue", status__in=["running", "waiting"]),
            ),
        ]


class Reminder(models.Model):
    """One reminder (or one statement of the schedule, without invoice) that was decided on; its Message delivers it.

    `day` is the day in India for which it was decided. `days` is the rule that asked for it (null: by hand), as rules
    come and go. `silent_because` is why it was not sent after all, found at the moment of sending.
    """

    # The composite keys below prove all four of them, and the database refuses to delete what a reminder names. A
    # bulk writes each further index and key 100,000 times.
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    party = models.ForeignKey(Party, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    invoice = models.ForeignKey(
        Invoice, models.DO_NOTHING, null=True, related_name="reminders", db_constraint=False, db_index=False
    )
    batch = models.ForeignKey(
        Batch, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()
    days = models.SmallIntegerField(null=True)
    silent_because = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = [models.Index(fields=["business", "party", "day"], name="reminders_of_party")]
        constraints = [
            models.UniqueConstraint(
                name="one_reminder_per_invoice_and_day",
                fields=["business", "invoice", "day"],
                condition=Q(invoice__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_reminder_per_invoice_and_rule",
                fields=["business", "invoice", "days"],
                condition=Q(invoice__isnull=False, days__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_statement_per_party_and_day",
                fields=["business", "party", "day"],
                condition=Q(invoice=None),
            ),
            party_key("reminder_of_party_of_same_business"),
            document_key("reminder_of_invoice_of_same_party", "invoice_id", "ledger_invoice"),
            tenant_key("reminder_of_batch_of_same_business", "batch_id", "ledger_batch"),
        ]
