"""Cash that customers have promised, and what they say of their balances: for the accountant and the auditor."""

from collections.abc import Iterator

from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import paging
from accounts.india import india_date, show_date
from accounts.models import Business, Party, PartyPerson
from ledger import confirmations, promises
from ledger.models import Promise
from ledger.reports.table import Column, Figure, Kind, Report, Row, leading
from ledger.statements import Period

_PROMISED = ("party__name", "invoice__number", "amount_paise", "paid_paise", "made_at", "note", "party__public_id")


def promised_rows(business: Business, _period: Period) -> Iterator[Row]:
    """What stands and has not come in full, the earliest day first."""
    standing = promises.with_paid(Promise.objects.filter(business=business, status=Promise.Status.MADE))
    waiting = standing.filter(paid_paise__lt=F("amount_paise"))
    for on, _pk, party, invoice, promised, paid, made_at, note, public_id in paging.stream(
        waiting, ("promised_on", "id"), _PROMISED
    ):
        came = max(0, paid)
        rest = promised - came
        state = promises.words(promises.state_of(on))[1]
        row = (on, party, invoice or _("Balance"), promised, came, rest, state, india_date(made_at), note)
        yield leading(row, "party", public_id)


def promised_figures(business: Business, _period: Period) -> list[Figure]:
    found = promises.expected(business)
    return [
        Figure(_("Day has passed"), found.late_paise),
        Figure(_("Within a week"), found.week_paise),
        Figure(_("Later"), found.later_paise),
        Figure(_("Still to come"), found.late_paise + found.week_paise + found.later_paise, strong=True, column=5),
    ]


PROMISED = Report(
    key="promised",
    title=gettext_lazy("Promised payments"),
    about=gettext_lazy("What customers have promised and not paid yet, by day."),
    empty=gettext_lazy("No promise is open."),
    hint=gettext_lazy("What has come by its day is taken off. A promise is no money in the book."),
    columns=(
        Column(gettext_lazy("By"), Kind.DATE, "wide"),
        Column(gettext_lazy("Party"), shown="main"),
        Column(gettext_lazy("For"), shown="wide"),
        Column(gettext_lazy("Promised"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Came"), Kind.PAISE, "wide n", is_summed=True),
        Column(gettext_lazy("Still to come"), Kind.PAISE, "n", is_summed=True),
        Column(gettext_lazy("State"), shown="wide"),
        Column(gettext_lazy("Said on"), Kind.DATE),
        Column(gettext_lazy("Note")),
    ),
    rows=promised_rows,
    figures=promised_figures,
    under=lambda row: f"{show_date(row[0])} · {row[6]}",
    has_period=False,
)


# --- balance confirmations ----------------------------------------------------------------------------------

_CONFIRMED = (
    "party__name",
    "agrees",
    "balance_paise",
    "theirs_paise",
    "name",
    "role",
    "said_at",
    "note",
    "changed_rows",
    "changed_paise",
    "public_id",
)


def confirmed_rows(business: Business, _period: Period, party: Party | None = None) -> Iterator[Row]:
    """Every answer, by the day it is about; a balance is positive when the party owes."""
    found = confirmations.of_business(business).filter(Q(party=party) if party else Q())
    for as_on, _pk, *values in paging.stream(found, ("as_on", "id"), _CONFIRMED):
        name, agrees, ours, theirs, who, role, said_at, note, changed, by, public_id = values
        row = (
            as_on, name, _("Agrees") if agrees else _("Differs"), ours, theirs, theirs - ours, who,
            str(PartyPerson.Role(role).label).partition(":")[0], date_format(said_at, "Y-m-d H:i"), note,
            ours + by if changed else None,
        )  # fmt: skip
        yield leading(row, "confirmation", public_id)


CONFIRMED = Report(
    key="confirmations",
    title=gettext_lazy("Balance confirmations"),
    about=gettext_lazy("What customers agreed their balance was, or said it was instead. For your auditor."),
    empty=gettext_lazy("No customer has confirmed a balance yet."),
    hint=gettext_lazy("A balance is positive when the customer owes you. Each answer is kept as it was given."),
    columns=(
        Column(gettext_lazy("As on"), Kind.DATE, "wide"),
        Column(gettext_lazy("Party"), shown="main"),
        Column(gettext_lazy("Answer"), shown="wide"),
        Column(gettext_lazy("Your balance"), Kind.PAISE, "wide n"),
        Column(gettext_lazy("Theirs"), Kind.PAISE, "n"),
        Column(gettext_lazy("Difference"), Kind.PAISE, "wide n"),
        Column(gettext_lazy("Who")),
        Column(gettext_lazy("Role")),
        Column(gettext_lazy("When")),
        Column(gettext_lazy("Note")),
        Column(gettext_lazy("Your balance now, if changed"), Kind.PAISE, "wide n"),
    ),
    rows=confirmed_rows,
    figures=lambda _business, _period: [],
    under=lambda row: f"{show_date(row[0])} · {row[2]}",
    has_period=False,
)
