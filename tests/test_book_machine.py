"""Hypothesis plays shopkeeper: every deed of the book, allowed or not, against plain integers (tests/book_oracle.py).

2,000 deeds in bin/test; BOOK_OPERATIONS=20000 is the nightly size, BOOK_SEED takes another road.
"""

import datetime as dt
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Count, F
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.india import financial_year, today
from catalog.models import Item
from ledger import billing, closing, drafting, integrity, posting, statements
from ledger.crediting import CreditRefused, Want
from ledger.drafting import Draft, DraftLine, DraftRefused
from ledger.models import Adjustment, Allocation, Entry, Invoice, OpenItem, PartyBalance, Payment, Series
from ledger.posting import PostingRefused
from tests import factories
from tests.book_oracle import Book, Doc, Forbidden, Line

OPERATIONS = int(os.environ.get("BOOK_OPERATIONS", "2000"))
SEED = int(os.environ.get("BOOK_SEED", "0"))
PER_RUN, STEPS, PROVE_EVERY = 500, 50, 10
TODAY = dt.date(2026, 11, 22)
REFUSALS = (PostingRefused, CreditRefused, DraftRefused, closing.ClosingRefused)
PARTIES = 3
SERIES_OF = {
    "payment": "receipt",
    "refund": "payout",
    **dict.fromkeys(("opening", "write_off", "tds", "adjustment"), "adjustment"),
}

NET = F("debit_paise") - F("credit_paise")

done: Counter[str] = Counter()

# Days back from today; -1 lies in the future.
ages = st.one_of(st.integers(0, 40), st.integers(0, 420))
amounts = st.one_of(st.integers(1, 2_000_00), st.sampled_from([1, 50, 99, 100_00, 1_180_00]))
twins = st.sampled_from([("cash", ""), ("cash", ""), ("upi", ""), ("upi", "UTR1"), ("bank", "UTR1"), ("bank", "UTR2")])
parties = st.integers(0, PARTIES - 1)
quantities = st.one_of(st.sampled_from([1000, 2000, 333, 1]), st.integers(1, 20_000))
prices = st.one_of(st.sampled_from([1_0000, 100_0000, 84_7458]), st.integers(0, 200_0000))
rates = st.sampled_from([0, 500, 1800, 4000])
fractions = st.sampled_from([0, 0, 1, 33, 50, 100])  # percent


def seldom(data: st.DataObject) -> bool:
    """Once in twenty; hypothesis likes the ends of a range too well to be asked for one of them."""
    return data.draw(st.integers(0, 19)) == 11


@st.composite
def typed_lines(draw: st.DrawFn) -> Line:
    quantity, price, charge = draw(quantities), draw(prices), draw(st.sampled_from(["", "", "", "taxed", "after"]))
    bare = Line(quantity, price)
    taxed = charge != "after"
    return Line(
        quantity if not charge else 1000,
        price,
        discount=(bare.gross if not charge else Line(1000, price).gross) * draw(fractions) // 100,
        rate=draw(rates) if taxed else 0,
        cess_rate=draw(st.sampled_from([0, 0, 1200])) if not charge else 0,
        cess_unit_e4=draw(st.sampled_from([0, 0, 0, 4170, 40_0000])) if not charge else 0,
        inclusive=taxed and draw(st.booleans()),
        charge=charge,
        counted=not charge and draw(st.booleans()),
    )


class Shop(RuleBasedStateMachine):
    """One business, three parties (one in another State), and the same book twice."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.owner = factories.make_user()
        self.business = factories.make_business(owner=self.owner, scheme="regular", gstin="27AAPFU0939F1ZV")
        self.parties = [factories.make_party(self.business, state_code=code) for code in ("27", "27", "29")]
        self.item = factories.make_item(self.business, stock_milli=1_000)
        self.book = Book(TODAY, inter_state={2})
        self.book.stock = 1_000
        self.drafts: list[tuple[Doc, Invoice]] = []
        self.documents: dict[Doc, Any] = {}
        self.steps, self.agreed = 0, False

    def teardown(self) -> None:
        if self.agreed:
            self.prove()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # --- both books at once ---

    def both(self, what: str, rule_of: Callable[[], Any], act: Callable[[], Any]) -> tuple[Any, Any]:
        """Do it in both books: either both do it, or both refuse. (None, None) when refused."""
        self.agreed = False
        try:
            with self.book.all_or_nothing():
                ours = rule_of()
        except Forbidden:
            with pytest.raises(REFUSALS):
                act()
            done[f"{what}: refused"] += 1
            return None, None
        theirs = act()
        done[what] += 1
        return ours, theirs

    def name(self, doc: Doc | None, row: Any) -> None:
        if doc is not None:
            doc.key = (row._meta.model_name, row.pk)
            self.documents[doc] = row

    def of_kind(self, *kinds: str) -> list[Doc]:
        return [doc for doc in self.book.docs if doc.kind in kinds]

    def shares(
        self, data: st.DataObject, credit: int, party: int
    ) -> tuple[list[tuple[Doc, int]], list[tuple[int, int]]]:
        """Bills mostly of this party and mostly so much as is due and as there is, but not always."""
        chosen: list[tuple[Doc, int]] = []
        bills = self.book.open_items(party, "D")
        anything = [doc for doc in self.book.docs if doc.total]
        for _ in range(data.draw(st.integers(0, 3))):
            is_wild = seldom(data)
            pool = anything if is_wild else bills
            if not pool:
                break
            bill = data.draw(st.sampled_from(pool))
            due = self.book.open(bill) - sum(part for doc, part in chosen if doc is bill)
            part = min(due, credit) * data.draw(st.sampled_from([100, 100, 50, 1])) // 100
            part += data.draw(st.sampled_from([0, 0, 0, 0, 0, 1, -1])) if is_wild else 0
            chosen.append((bill, part))
            credit -= max(part, 0)
        ids = {
            (item.source, item.source_id): item.pk
            for item in map(Known, OpenItem.objects.filter(business=self.business))
        }
        return chosen, [(ids[bill.key], part) for bill, part in chosen]

    def day(self, data: st.DataObject) -> dt.date:
        return TODAY - dt.timedelta(days=-1 if seldom(data) else data.draw(ages))

    # --- what was typed ---

    def typed(self, data: st.DataObject, party: int, on: dt.date) -> tuple[Callable[[str], Doc], Draft]:
        lines = data.draw(st.lists(typed_lines(), min_size=0 if seldom(data) else 1, max_size=4))
        whole = sum(line.gross - line.discount for line in lines if line.charge != "after")
        discount = whole * data.draw(fractions) // 100 + seldom(data)
        due = on + dt.timedelta(days=data.draw(st.sampled_from([0, 0, 15, 45])))
        rounds = data.draw(st.booleans())
        draft = Draft(
            party=self.parties[party],
            issued_on=on,
            due_on=due,
            rounds_off=rounds,
            discount_paise=discount,
            lines=[
                DraftLine(
                    description="Rice",
                    hsn="1006",
                    quantity_milli=line.quantity,
                    unit_price_e4=line.price_e4,
                    gst_rate_bp=line.rate,
                    discount_paise=line.discount,
                    price_includes_tax=line.inclusive,
                    item_id=self.item.pk if line.counted else None,
                    cess_rate_bp=line.cess_rate,
                    cess_per_unit_e4=line.cess_unit_e4,
                    is_charge=bool(line.charge),
                    in_taxable_value=line.charge != "after",
                )
                for line in lines
            ],
        )
        return lambda side: self.book.sketch(party, lines, on, due, discount, rounds=rounds, side=side), draft

    # --- the deeds, in six groups: hypothesis leaves out some groups in each run ---

    @initialize(data=st.data())
    def a_shop_has_bills(self, data: st.DataObject) -> None:
        for party in range(PARTIES):
            self.issue(data, party)

    @rule(
        data=st.data(), party=parties, what=st.sampled_from(["issue"] * 5 + ["draft", "edit", "issue draft", "discard"])
    )
    def bill(self, data: st.DataObject, party: int, what: str) -> None:
        if what == "issue":
            self.issue(data, party)
        elif what == "draft" or not self.drafts:
            self.draft(data, party, data.draw(st.sampled_from("DDC")))
        elif what == "edit":
            self.edit_draft(data, party)
        elif what == "issue draft":
            self.issue_draft(data)
        else:
            self.discard_draft(data)

    @precondition(lambda self: self.of_kind("invoice"))
    @rule(data=st.data(), what=st.sampled_from(["whole", "lines", "lines", "amend by cancel", "amend by credit"]))
    def correct(self, data: st.DataObject, what: str) -> None:
        if what in ("whole", "lines"):
            self.credit(data, what)
        else:
            self.amend(data, by_note=what == "amend by credit")

    @precondition(lambda self: self.book.docs)
    @rule(data=st.data(), again=st.sampled_from([False] * 5 + [True]))
    def undo(self, data: st.DataObject, again: bool) -> None:
        if again and self.of_kind("invoice", "credit_note"):
            self.issue_again(data)
        else:
            self.cancel(data)

    @rule(data=st.data(), party=parties, refund=st.sampled_from([False] * 3 + [True]))
    def money(self, data: st.DataObject, party: int, refund: bool) -> None:
        if refund:
            self.refund(data, party, data.draw(amounts), data.draw(twins))
        else:
            self.pay(data, party)

    @precondition(lambda self: any(doc.side == "C" for doc in self.book.docs))
    @rule(data=st.data(), again=st.booleans())
    def settle(self, data: st.DataObject, again: bool) -> None:
        if again or not self.of_kind("payment"):
            self.reallocate(data)
        else:
            self.allocate(data)

    @rule(data=st.data(), party=parties, closing=st.sampled_from([False] * 5 + [True]))
    def keep(self, data: st.DataObject, party: int, closing: bool) -> None:
        if closing:
            self.close_books(
                -1 if seldom(data) else data.draw(st.one_of(st.none(), st.integers(300, 420), st.integers(30, 420)))
            )
        else:
            self.adjust(data, party)

    # --- documents ---

    def issue(self, data: st.DataObject, party: int) -> None:
        sketch, draft = self.typed(data, party, self.day(data))
        self.name(
            *self.both(
                "issue",
                lambda: self.book.issue(sketch("D")),
                lambda: billing.save(self.business, draft, self.owner, invoice=None, issue=True),
            )
        )

    def draft(self, data: st.DataObject, party: int, side: str) -> None:
        sketch, draft = self.typed(data, party, self.day(data))
        kind = "invoice" if side == "D" else "credit_note"
        ours, theirs = self.both(
            "draft", lambda: sketch(side), lambda: drafting.save(self.business, draft, self.owner, kind=kind)
        )
        if ours:
            self.drafts.append((ours, theirs))

    def edit_draft(self, data: st.DataObject, party: int) -> None:
        place = data.draw(st.integers(0, len(self.drafts) - 1))
        ours, theirs = self.drafts[place]
        sketch, draft = self.typed(data, party, self.day(data))
        ours, theirs = self.both(
            "edit draft",
            lambda: sketch(ours.side),
            lambda: drafting.save(self.business, draft, self.owner, invoice=theirs),
        )
        if ours:
            self.drafts[place] = ours, theirs

    def issue_draft(self, data: st.DataObject) -> None:
        ours, theirs = data.draw(st.sampled_from(self.drafts))
        self.name(*self.both("issue draft", lambda: self.book.issue(ours), lambda: posting.issue(theirs, self.owner)))
        self.drafts = [draft for draft in self.drafts if draft[0] not in self.documents]

    def discard_draft(self, data: st.DataObject) -> None:
        ours, theirs = data.draw(st.sampled_from(self.drafts))
        self.both("discard draft", lambda: None, lambda: drafting.discard(theirs))
        self.drafts = [draft for draft in self.drafts if draft[0] is not ours]

    def cancel(self, data: st.DataObject) -> None:
        """Also for the second time, which changes nothing."""
        doc = data.draw(st.sampled_from(self.book.docs))
        row = self.documents[doc]
        act: dict[type, Callable[..., Any]] = {
            Invoice: posting.cancel_invoice,
            Payment: posting.cancel_payment,
            Adjustment: posting.cancel_adjustment,
        }
        self.both(f"cancel {doc.kind}", lambda: self.book.cancel(doc), lambda: act[type(row)](row, self.owner, "wrong"))

    def issue_again(self, data: st.DataObject) -> None:
        doc = data.draw(st.sampled_from(self.of_kind("invoice", "credit_note")))

        def again() -> None:
            if not doc.live:
                raise Forbidden("cancelled")

        self.both("issue again", again, lambda: posting.issue(self.documents[doc], self.owner))

    def credit(self, data: st.DataObject, way: str) -> None:
        pool = [doc for doc in self.of_kind("invoice") if doc.live] or self.of_kind("invoice")
        if seldom(data):
            pool = self.of_kind("invoice", "credit_note")
        invoice = data.draw(st.sampled_from(pool))
        on = invoice.on if data.draw(st.booleans()) else self.day(data)
        row = self.documents[invoice]
        wants = None
        if way == "lines":
            left = self.book.left_of(invoice)
            wants = {}
            for place in data.draw(st.sets(st.sampled_from(range(len(left))), min_size=1)):
                rest = left[place]
                value = rest.amounts["taxable"] + rest.amounts["untaxed"]
                percent = data.draw(st.sampled_from([1, 33, 50, 77, 100]))
                more = seldom(data)
                if rest.is_charge or data.draw(st.booleans()):
                    wants[place] = (0, value * percent // 100 + more)
                else:
                    wants[place] = (rest.quantity * percent // 100 + more, 0)
        pks = list(row.lines.values_list("pk", flat=True))
        asked = (wants and [Want(pks[n], quantity_milli=q, value_paise=v) for n, (q, v) in wants.items()]) or None
        ours, theirs = self.both(
            f"credit {way}",
            lambda: self.book.credit(invoice, wants, on),
            lambda: billing.credit(row, asked, self.owner, issued_on=on, reason="returned"),
        )
        self.name(ours, theirs)

    def amend(self, data: st.DataObject, by_note: bool) -> None:
        pool = [doc for doc in self.of_kind("invoice") if doc.live] or self.of_kind("invoice")
        invoice = data.draw(st.sampled_from(pool))
        party = invoice.party if data.draw(st.integers(0, 3)) else data.draw(parties)
        sketch, draft = self.typed(data, party, invoice.on if data.draw(st.booleans()) else self.day(data))
        ours, theirs = self.both(
            f"amend by {'credit' if by_note else 'cancel'}",
            lambda: self.book.amend(invoice, sketch("D"), by_note=by_note),
            lambda: billing.amend(
                self.documents[invoice], draft, self.owner, reason="wrong rate", by_credit_note=by_note
            ),
        )
        if ours:
            new, note = ours
            self.name(new, theirs)
            if note:
                self.name(note, Invoice.objects.filter(original=self.documents[invoice]).latest("pk"))

    # --- money ---

    def pay(self, data: st.DataObject, party: int) -> None:
        way = data.draw(st.sampled_from(["oldest first", "by hand", "by hand", "advance"]))
        paise = 0 if seldom(data) else data.draw(amounts)
        tds, twin = -1 if seldom(data) else data.draw(st.sampled_from([0, 0, 0, 1, 2_00, 20_00])), data.draw(twins)
        on = self.day(data)
        ours, theirs = self.shares(data, paise + tds, party) if way == "by hand" else ([], [])
        docs, row = self.both(
            f"pay {way}{' with TDS' if tds else ''}",
            lambda: self.book.pay(party, paise, tds, on, None if way == "oldest first" else ours, twin),
            lambda: posting.record_payment(
                self.business,
                self.parties[party],
                amount_paise=paise,
                tds_paise=tds,
                mode=twin[0],
                reference=twin[1],
                paid_on=on,
                by=self.owner,
                shares=None if way == "oldest first" else theirs,
            ),
        )
        if docs:
            self.name(docs[0], row)
            self.name(docs[1], row.adjustments.first())

    def refund(self, data: st.DataObject, party: int, paise: int, twin: tuple[str, str]) -> None:
        on = self.day(data)
        self.name(
            *self.both(
                "refund",
                lambda: self.book.refund(party, paise, on, twin),
                lambda: posting.record_payment(
                    self.business,
                    self.parties[party],
                    amount_paise=paise,
                    mode=twin[0],
                    reference=twin[1],
                    paid_on=on,
                    by=self.owner,
                    direction="paid",
                ),
            )
        )

    def allocate(self, data: st.DataObject) -> None:
        pool = [doc for doc in self.of_kind("payment") if self.book.open(doc)] or self.of_kind("payment", "refund")
        credit = data.draw(st.sampled_from(pool))
        ours, theirs = self.shares(data, self.book.open(credit), credit.party)
        self.both(
            "allocate",
            lambda: self.book.allocate(credit, ours, instead=False),
            lambda: posting.allocate_payment(self.documents[credit], theirs, self.owner),
        )

    def reallocate(self, data: st.DataObject) -> None:
        pool = [doc for doc in self.book.docs if doc.side == "C" and doc.live] or self.book.docs
        if seldom(data):
            pool = self.book.docs
        credit = data.draw(st.sampled_from(pool))
        ours, theirs = self.shares(data, credit.total, credit.party)
        self.both(
            f"reallocate {credit.kind}",
            lambda: self.book.allocate(credit, ours, instead=True),
            lambda: posting.reallocate(self.documents[credit], theirs, self.owner),
        )

    def adjust(self, data: st.DataObject, party: int) -> None:
        kind, side = (
            data.draw(st.sampled_from(["adjustment", "write_off", "tds", "opening", "write_off"])),
            data.draw(st.sampled_from("CCD")),
        )
        paise = 0 if seldom(data) else data.draw(amounts)
        reason = " " if seldom(data) else "bad debt"
        way = data.draw(st.sampled_from(["oldest first", "by hand", "advance"]))
        on = self.day(data)
        ours, theirs = self.shares(data, paise, party) if way == "by hand" else ([], [])
        self.name(
            *self.both(
                kind,
                lambda: self.book.adjust(party, kind, side, paise, on, reason, None if way == "oldest first" else ours),
                lambda: posting.record_adjustment(
                    self.business,
                    self.parties[party],
                    kind=kind,
                    side=side,
                    amount_paise=paise,
                    dated_on=on,
                    by=self.owner,
                    reason=reason,
                    shares=None if way == "oldest first" else theirs,
                ),
            )
        )

    def close_books(self, age: int | None) -> None:
        up_to = None if age is None else TODAY - dt.timedelta(days=age)
        self.both(
            "close books",
            lambda: self.book.close(up_to),
            lambda: closing.close(self.business, up_to, self.owner, sure=True),
        )
        self.business.refresh_from_db()

    # --- and the same stands in both ---

    @invariant()
    def the_books_agree(self) -> None:
        self.steps, self.agreed = self.steps + 1, False
        book = self.book
        items = {
            (item.source, item.source_id): (item.party_id, item.side, item.total, item.settled)
            for item in map(Known, OpenItem.objects.filter(business=self.business))
        }
        ids = [party.pk for party in self.parties]
        assert items == {
            doc.key: (ids[doc.party], doc.side, doc.total if doc.live else 0, book.used(doc)) for doc in book.docs
        }
        assert self.allocations() == {(d.key, c.key): paise for (d, c), paise in book.settled.items()}
        assert dict(PartyBalance.objects.filter(business=self.business).values_list("party", NET)) == {
            ids[n]: book.balance(n) for n in range(PARTIES) if any(whose == n for whose, _on, _paise in book.entries)
        }
        day = TODAY - dt.timedelta(days=self.steps * 37 % 430)
        one = self.steps % PARTIES
        assert statements.balances_before(self.parties[one], day, day + dt.timedelta(days=31)) == [
            book.balance_before(one, day),
            book.balance_before(one, day + dt.timedelta(days=31)),
        ]
        assert Entry.objects.filter(business=self.business).count() == len(book.entries)
        assert self.taken() == self.numbers()
        if self.steps % PROVE_EVERY == 0:
            self.prove()
        self.agreed = True

    def allocations(self) -> dict[tuple[Any, Any], int]:
        rows = Allocation.objects.filter(business=self.business).select_related("debit", "credit")
        return {
            (
                (Known(row.debit).source, Known(row.debit).source_id),
                (Known(row.credit).source, Known(row.credit).source_id),
            ): row.amount_paise
            for row in rows
        }

    def taken(self) -> dict[tuple[str, str], int]:
        """How many numbers of each series are gone."""
        rows = Series.objects.filter(business=self.business, next_number__gt=1)
        return {(row.kind, row.financial_year): row.next_number - 1 for row in rows}

    def numbers(self) -> dict[tuple[str, str], int]:
        return dict(Counter((SERIES_OF.get(doc.kind, doc.kind), financial_year(doc.on)) for doc in self.book.docs))

    def prove(self) -> None:
        """The whole book proves itself, foreign keys too, and every page of every ledger joins to the next."""
        connection.check_constraints()
        assert [str(problem) for problem in integrity.check()] == []
        assert [statements.balance(party) for party in self.parties] == [self.book.balance(n) for n in range(PARTIES)]
        assert Item.objects.get(pk=self.item.pk).stock_milli == self.book.stock
        counts = dict(Invoice.objects.filter(business=self.business).values_list("status").annotate(n=Count("pk")))
        assert counts.get("draft", 0) == len(self.drafts)
        for number, party in enumerate(self.parties):
            rows, after = [], ""
            period = statements.Period(dt.date(2025, 4, 1), TODAY)
            while True:
                page = statements.page(party, period, after, size=7)
                rows += [
                    (row.entry.dated_on, row.entry.debit_paise - row.entry.credit_paise, row.balance_paise)
                    for row in page.rows
                ]
                after = page.next_cursor
                if not after:
                    break
            assert rows == self.book.running(number)


class Known:
    """An open item with the name of its source."""

    def __init__(self, item: OpenItem) -> None:
        self.pk, self.party_id, self.side = item.pk, item.party_id, item.side
        self.total, self.settled = item.total_paise, item.settled_paise
        self.source, self.source_id = next(
            (source, pk) for source in item.SOURCES if (pk := getattr(item, f"{source}_id")) is not None
        )


def play(name: str, shops: int) -> None:
    run_state_machine_as_test(
        seed(name)(type("Shop", (Shop,), {})),
        settings=settings(
            max_examples=shops,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # making a failure smaller takes many minutes
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(-(-OPERATIONS // PER_RUN)))
def test_thousands_of_deeds_leave_the_book_as_plain_integers_say(part: int) -> None:
    done.clear()
    with time_machine.travel(dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC), tick=False):
        for again in range(100):
            if done.total() >= PER_RUN:
                break
            play(f"{SEED}.{part}.{again}", shops=-(-(PER_RUN - done.total()) // STEPS))
    lines = "".join(f"  {count:6} {what}\n" for what, count in sorted(done.items()))
    sys.stdout.write(f"part {part}: {done.total()} deeds\n{lines}")
    assert done.total() >= PER_RUN


# --- What it has found, by name -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_tax_deducted_at_source_never_raises_what_is_owed() -> None:
    party = factories.make_party()
    with pytest.raises(PostingRefused, match="lowers what a party owes"):
        posting.record_adjustment(
            party.business, party, kind="tds", side="D", amount_paise=1, dated_on=today(), by=None
        )


@pytest.mark.django_db
def test_the_credit_note_of_a_replaced_invoice_stays_on_it() -> None:
    """Moved to the new invoice it would leave the old one due again: 100 asked twice."""
    owner = factories.make_user()
    party = factories.make_party(factories.make_business(owner=owner))
    old = factories.make_invoice(party)
    draft = Draft(party=party, issued_on=today(), due_on=today(), lines=[factories.line(paise=90_00)])
    new = billing.amend(old, draft, owner, reason="wrong price", by_credit_note=True)
    note = old.credit_notes.get()
    with pytest.raises(PostingRefused, match="has been replaced"):
        posting.reallocate(note, [(new.open_item.pk, 90_00)], owner)
    assert Invoice.objects.get(pk=old.pk).due_paise == 0
    assert statements.balance(party) == 90_00
