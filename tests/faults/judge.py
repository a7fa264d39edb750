"""What is to be found after a fault run: from the rows, from what the gateway accepted, and from the book."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from accounts.models import Message, PartyPerson
from ledger import integrity
from ledger.models import Invoice, ShareLink

Status = Message.Status
ARRIVED = {Status.SENT, Status.DELIVERED, Status.READ}
SETTLED = ARRIVED | {Status.FAILED, Status.UNCERTAIN}


@dataclass
class Verdict:
    """`counts` in the order of the table; each of `breaches` fails the run."""

    counts: dict[str, int] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    def must_be_none(self, name: str, found: Sequence[object]) -> None:
        self.counts[name] = len(found)
        if found:
            self.breaches.append(f"{name}: {len(found)}, such as {', '.join(map(str, found[:5]))}")


def judge(answered: Sequence[str], taken: Sequence[tuple[str, str, str]], seen: set[int], *, bypass: bool) -> Verdict:
    """`answered`: public ids of the invoices whose sharing was answered; `taken`: what the gateway accepted (reference,
    number, body); `seen`: ids of messages that were seen uncertain while the run went on.

    With the outbox bypassed there are no rows to ask: only the gateway and the book are.
    """
    verdict = Verdict({"invoices answered": len(answered), "accepted by the gateway": len(taken)})
    invoices = {invoice.public_id: invoice for invoice in Invoice.objects.all()}
    _numbers(verdict, answered, invoices)
    # Shops have equal numbers: only with its recipient does a number name an invoice.
    told = {(to, number) for _reference, to, body in taken for number in _numbers_in(body)}
    phones = {row.party_id: str(row.phone).lstrip("+") for row in PartyPerson.objects.filter(is_main=True)}
    if not bypass:
        _rows(verdict, answered, invoices, taken, seen)
    settled = _not_sent_and_said_so()
    lost = [
        key
        for key in answered
        if (found := invoices.get(key))
        and (phones[found.party_id], found.number) not in told
        and found.pk not in settled
    ]
    verdict.must_be_none("lost: answered, never accepted by the gateway, and nothing says so", lost)
    verdict.must_be_none("broken rules of the book (check_ledger)", list(integrity.check()))
    return verdict


def _numbers_in(body: str) -> set[str]:
    """Numbers of our invoices in a request."""
    return set(re.findall(r"INV/[0-9-]+/[0-9]+", body.replace("\\/", "/")))


def _numbers(verdict: Verdict, answered: Sequence[str], invoices: dict[str, Invoice]) -> None:
    verdict.must_be_none("answered invoices that do not exist", [key for key in answered if key not in invoices])
    twice = sorted(set(invoices) - set(answered))
    verdict.must_be_none("invoices that nobody was told of (issued twice)", twice)
    drafts = [invoice.pk for invoice in invoices.values() if invoice.status != Invoice.Status.ISSUED]
    verdict.must_be_none("invoices left half done", drafts)
    of_series: dict[int, list[int]] = {}
    for invoice in invoices.values():
        if invoice.series_id and invoice.sequence:
            of_series.setdefault(invoice.series_id, []).append(invoice.sequence)
    gaps = [
        f"series {series}: {n}"
        for series, numbers in of_series.items()
        for n in sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    ]
    verdict.must_be_none("gaps in invoice numbers", gaps)


def _rows(
    verdict: Verdict,
    answered: Sequence[str],
    invoices: dict[str, Invoice],
    taken: Sequence[tuple[str, str, str]],
    seen: set[int],
) -> None:
    links = dict(ShareLink.objects.filter(invoice__isnull=False).values_list("pk", "invoice_id"))
    shares = [m for m in Message.objects.filter(kind="invoice_share").order_by("pk") if m.subject_kind == "link"]
    firsts = Counter(links[int(message.subject_id)] for message in shares if message.follows_id is None)
    known = [invoices[key].pk for key in answered if key in invoices]
    verdict.must_be_none("answered invoices without their message", [pk for pk in known if not firsts[pk]])
    verdict.must_be_none("invoices with more than one message", [pk for pk, count in firsts.items() if count > 1])
    statuses = Counter(message.status for message in shares)
    verdict.counts |= {f"messages {status}": statuses[status] for status in Status.values if statuses[status]}
    verdict.counts["messages that follow a failed one"] = sum(message.follows_id is not None for message in shares)
    undone = [message.pk for message in shares if message.status not in SETTLED]
    verdict.must_be_none("messages that did not come to an end", undone)
    silent = [m.pk for m in shares if m.status == Status.FAILED and not (m.trouble and m.error)]
    verdict.must_be_none("failed messages without a reason", silent)

    accepted = Counter(reference for reference, _to, _body in taken)
    unsent = [m.pk for m in shares if m.status in ARRIVED and not accepted[str(m.reference)]]
    verdict.must_be_none("messages called sent that the gateway never accepted", unsent)
    resent = {m.pk for m in shares if m.resends}
    verdict.counts["messages seen uncertain"] = len(seen | resent)
    settled = [m for m in shares if m.pk in seen and not m.resends and m.status in ARRIVED]
    verdict.counts["  settled by the echoed reference"] = len(settled)
    verdict.counts["  sent again by the policy"] = len(resent)
    verdict.counts["  still uncertain"] = statuses[Status.UNCERTAIN]
    twice = {m.pk: (accepted[str(m.reference)], m) for m in shares if accepted[str(m.reference)] > 1}
    verdict.counts["  accepted twice (the answer was lost, then sent again)"] = len(twice)
    unexplained = [pk for pk, (times, message) in twice.items() if times > 1 + message.resends]
    verdict.must_be_none("duplicates that nothing explains, by reference", unexplained)
    # One message per invoice and number: other references to the same recipient about it would be duplicates too.
    told = Counter((to, number) for _reference, to, body in taken for number in _numbers_in(body))
    allowed: Counter[tuple[str, str]] = Counter()
    numbers = {invoice.pk: invoice.number for invoice in invoices.values()}
    for message in shares:
        number = numbers[links[int(message.subject_id)]]
        allowed[message.to.lstrip("+"), number] += 1 + message.resends if message.attempts else 0
    more = [f"{number} to {to}" for (to, number), times in told.items() if times > allowed[to, number]]
    verdict.must_be_none("duplicates that nothing explains, by recipient and invoice", more)


def _not_sent_and_said_so() -> set[int]:
    """Invoices whose message failed with a reason, or is uncertain."""
    links = dict(ShareLink.objects.filter(invoice__isnull=False).values_list("pk", "invoice_id"))
    told = Message.objects.filter(kind="invoice_share", status__in=(Status.FAILED, Status.UNCERTAIN))
    return {links[int(subject)] for subject in told.values_list("subject_id", flat=True)}
