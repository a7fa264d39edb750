"""What an amount would close before it is paid, in words for the customer: a preview that writes nothing."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Business, Party
from accounts.money import rupees
from ledger import posting
from ledger.models import Adjustment, OpenItem
from ledger.posting import Share

FEW = 100  # open bills read at first
NAMED = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """`closes` says which bills an amount closes ("" for none), `after` what is owed then; `left_over`: paise for none."""

    closes: str
    after: str
    left_over: int


def can_be_paid(business: Business) -> bool:
    """Whether the shop has said how money reaches it."""
    return bool(business.upi_id or business.bank_account)


def plan(party: Party, owed_paise: int, amount_paise: int) -> Plan:
    """What `amount_paise` closes, oldest first. `owed_paise` is the party's balance. One query for a usual party."""
    debits = posting.oldest_debits(party, FEW)
    shares = posting.oldest_first(debits, amount_paise)
    if len(debits) == FEW and _sum(shares) < amount_paise:
        debits = posting.open_debits(party)
        shares = posting.oldest_first(debits, amount_paise)
    return Plan(_closes(shares, amount_paise), after(owed_paise - amount_paise), amount_paise - _sum(shares))


def after(owed_paise: int) -> str:
    """The balance once an amount is paid and entered."""
    if owed_paise > 0:
        return _("After it you owe %(rest)s.") % {"rest": rupees(owed_paise)}
    if owed_paise < 0:
        return _("After it nothing is due, and %(rest)s stays with the shop for what you buy next.") % {
            "rest": rupees(-owed_paise)
        }
    return _("After it nothing is due.")


def _sum(shares: list[Share]) -> int:
    return sum(share.amount_paise for share in shares)


def _closes(shares: list[Share], amount_paise: int) -> str:
    if not shares:
        return ""
    said = {"amount": rupees(amount_paise)}
    (*whole, last) = shares
    part = last if last.amount_paise < last.debit.total_paise - last.debit.settled_paise else None
    closed = [_name(share.debit) for share in (whole if part else shares)]
    part_of = part and _("%(part)s of %(bill)s") % {"part": rupees(part.amount_paise), "bill": _name(part.debit)}
    if not closed:
        return _("%(amount)s goes towards %(bill)s.") % (said | {"bill": _name(last.debit)})
    return _("%(amount)s closes %(bills)s.") % (said | {"bills": _listed(closed, part_of or "")})


def _listed(closed: list[str], part_of: str) -> str:
    """As in A, B and ₹300 of C; a long list is cut."""
    named = closed if len(closed) <= NAMED else closed[: NAMED - 1]
    more = len(closed) - len(named)
    words = [*named, *([ngettext("%(n)d more bill", "%(n)d more bills", more) % {"n": more}] if more else [])]
    words += [part_of] if part_of else []
    if len(words) == 1:
        return words[0]
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}


def _name(item: OpenItem) -> str:
    document = item.document
    return str(document.get_kind_display()) if isinstance(document, Adjustment) else document.number
