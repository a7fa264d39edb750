"""A party's credit limit at the shop's desk: how much of it is left, and one more question before a bill goes beyond it.

A question and no refusal: the shop knows why it lets somebody have more.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.money import rupees
from ledger import statements


@dataclass(frozen=True, slots=True)
class Standing:
    """The limit and the balance against it, in paise; `due_paise` is below zero when the party is ahead."""

    limit_paise: int
    due_paise: int

    def beyond(self, bill_paise: int, instead_of: int = 0) -> int:
        """By how much a bill takes the balance above the limit; 0 when it does not. `instead_of`: the bill it replaces."""
        more = bill_paise - instead_of
        return max(self.due_paise + more - self.limit_paise, 0) if more > 0 else 0

    @property
    def words(self) -> str:
        left = self.limit_paise - self.due_paise
        sums = {"left": rupees(abs(left)), "limit": rupees(self.limit_paise)}
        if left < 0:
            return _("%(left)s beyond their credit limit of %(limit)s") % sums
        return _("Credit left: %(left)s of %(limit)s") % sums

    def beyond_words(self, bill_paise: int, instead_of: int = 0) -> str:
        """For the total, while it is typed; "" within the limit."""
        beyond = self.beyond(bill_paise, instead_of)
        return _("%(beyond)s beyond their credit limit.") % {"beyond": rupees(beyond)} if beyond else ""


@dataclass(frozen=True, slots=True)
class Question:
    """`sure` is what the second button says: yes to this total and to no other."""

    words: str
    figures: str
    sure: str


def of(party: Party) -> Standing | None:
    """One query; none for a party without a limit."""
    if party.credit_limit_paise is None:
        return None
    return Standing(party.credit_limit_paise, statements.balance(party))


def question(party: Party, bill_paise: int, instead_of: int = 0) -> Question | None:
    """What to ask before a bill of this total is issued, instead of another one or beside all; None within the limit."""
    standing = of(party)
    if standing is None or not (beyond := standing.beyond(bill_paise, instead_of)):
        return None
    due = standing.due_paise
    figures = _("Limit %(limit)s · due now %(due)s · with this bill %(after)s") % {
        "limit": rupees(standing.limit_paise),
        "due": rupees(due),
        "after": rupees(due + bill_paise - instead_of),
    }
    words = _("This takes them %(beyond)s beyond their credit limit. Issue it?") % {"beyond": rupees(beyond)}
    return Question(words, figures, str(bill_paise))
