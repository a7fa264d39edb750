"""Balance confirmation: both sides say what the balance was at the end of a day, and that is kept for the auditor.

All balances are paise, positive when the party owes. The shop's is computed under the party's lock in the transaction
that keeps the answer; nothing that was said is ever changed (trigger), a second answer stands beside the first.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import activity, changes, notices
from accounts.india import show_date, today
from accounts.models import Business, Notice, Party, PartyPerson, User
from accounts.money import with_side
from accounts.phones import mask
from ledger import news
from ledger.models import BalanceConfirmation, ConfirmationRequest, Entry
from ledger.posting.book import lock_party
from ledger.statements import BEGINNING, balances_before


class ConfirmationRefused(Exception):
    """This cannot be confirmed; the message is for people. `field` is the form's field it belongs to, if any."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


def closing(party: Party, as_on: dt.date) -> int:
    """The balance at the end of a day: two queries."""
    return balances_before(party, as_on + dt.timedelta(days=1))[0]


@transaction.atomic
def confirm(
    person: PartyPerson, by: User, *, as_on: dt.date, seen_paise: int, theirs_paise: int | None = None, note: str = ""
) -> BalanceConfirmation:
    """`person` agrees with the balance they have seen, or (`theirs_paise`) says what theirs is.

    Raises ConfirmationRefused for a day to come, and when the balance is no longer what they have seen.
    """
    party = lock_party(person.business_id, person.party_id)
    check_day(as_on)
    balance = closing(party, as_on)
    if balance != seen_paise:
        words = _("The balance of %(date)s has changed while you looked: it is %(balance)s now. Look at it again.")
        raise ConfirmationRefused(words % {"date": show_date(as_on), "balance": with_side(balance)})
    if theirs_paise == balance:
        raise ConfirmationRefused(_("This is the shop's balance too. Then you agree."), "theirs")
    entries = Entry.objects.filter(business_id=party.business_id, party=party)
    said = BalanceConfirmation.objects.create(
        business=party.business,
        party=party,
        as_on=as_on,
        balance_paise=balance,
        theirs_paise=balance if theirs_paise is None else theirs_paise,
        agrees=theirs_paise is None,
        note=note,
        last_entry_id=entries.aggregate(last=Max("pk"))["last"] or 0,
        name=person.name or by.name or mask(str(person.phone)),
        role=person.role,
        said_by=by,
    )
    verb = "balance_agreed" if said.agrees else "balance_differs"
    changes.note(said.business_id, said.party_id, changes.Kind.CONFIRMATION, said.public_id)
    activity.record(party.business, by, verb, ("confirmation", str(said.pk)), as_on=str(as_on))
    kind = Notice.Kind.AGREED if said.agrees else Notice.Kind.DIFFERS
    notices.tell(party, kind, said.pk, ref=party.public_id, number=show_date(as_on))
    return said


def check_day(as_on: dt.date) -> None:
    if as_on > today():
        raise ConfirmationRefused(_("This day has not come yet. Choose today or an earlier one."), "on")
    if as_on < BEGINNING:
        raise ConfirmationRefused(_("Choose a day from 2000 on."), "on")


@transaction.atomic
def ask(party: Party, as_on: dt.date, by: User, *, tells: bool = True) -> ConfirmationRequest:
    """The shop asks for the balance of a day; once per day is enough. Raises ConfirmationRefused.

    `tells`: the customer is asked by message too (ledger.news), unless that day was asked for before.
    """
    party = lock_party(party.business_id, party.pk)
    check_day(as_on)
    asked, is_new = ConfirmationRequest.objects.get_or_create(
        business=party.business, party=party, as_on=as_on, defaults={"asked_by": by}
    )
    if is_new:
        changes.note(asked.business_id, asked.party_id, changes.Kind.CONFIRMATION)
        activity.record(party.business, by, "confirmation_asked", ("party", str(party.pk)), as_on=str(as_on))
        if tells:
            asked.party = party
            news.balance_asked(asked, by)
    return asked


# --- reading ------------------------------------------------------------------------------------------------


def with_changes(found: QuerySet[BalanceConfirmation]) -> QuerySet[BalanceConfirmation]:
    """Adds what was booked later under days up to `as_on`: `changed_rows`, and `changed_paise` that it adds."""
    later = (
        Entry.objects.filter(
            business_id=OuterRef("business_id"),
            party_id=OuterRef("party_id"),
            dated_on__lte=OuterRef("as_on"),
            pk__gt=OuterRef("last_entry_id"),
        )
        .order_by()
        .values("party")
    )

    def of(expression: Any) -> Coalesce:
        return Coalesce(Subquery(later.annotate(n=expression).values("n")), 0, output_field=BigIntegerField())

    return found.annotate(changed_rows=of(Count("pk")), changed_paise=of(Sum(F("debit_paise") - F("credit_paise"))))


def of_party(party: Party) -> QuerySet[BalanceConfirmation]:
    """All of a party, newest first, each `with_changes`."""
    found = BalanceConfirmation.objects.filter(business_id=party.business_id, party=party)
    return with_changes(found).order_by("-pk")


def of_business(business: Business) -> QuerySet[BalanceConfirmation]:
    return with_changes(BalanceConfirmation.objects.filter(business=business))


def open_requests(scope: Q) -> QuerySet[ConfirmationRequest]:
    """Of a scope of requests, those for days that nobody has confirmed, whenever that was."""
    answers = BalanceConfirmation.objects.filter(
        business_id=OuterRef("business_id"), party_id=OuterRef("party_id"), as_on=OuterRef("as_on")
    )
    return ConfirmationRequest.objects.filter(~Exists(answers), scope)


def unanswered(party: Party) -> dt.date | None:
    """The newest day the shop asks for and nobody has confirmed: one query."""
    asked = open_requests(Q(business_id=party.business_id, party_id=party.pk))
    return asked.order_by("-as_on").values_list("as_on", flat=True).first()


def words(said: BalanceConfirmation) -> tuple[str, str]:
    """(class of its badge, its word)."""
    return ("good", _("Agrees")) if said.agrees else ("warn", _("Differs"))


def change_words(said: BalanceConfirmation) -> str:
    """What the book says of that day now, when it was changed since; "" when it was not. Of one `with_changes`."""
    found: Any = said
    if not found.changed_rows:
        return ""
    now = said.balance_paise + found.changed_paise
    if now == said.balance_paise:
        return _("Entries of that time were added since; the balance is the same.")
    return _("The book was changed since: %(balance)s now.") % {"balance": with_side(now)}
