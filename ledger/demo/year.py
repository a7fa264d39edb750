"""Twelve months of bills, payments and returns up to today, day by day, through the product's own doors.

Everything is decided by a seeded generator and by how many days ago it was, so that the same day gives the same year.
"""

import datetime as dt
import heapq
import itertools
import random
from collections.abc import Callable, Sequence

from accounts.india import today
from accounts.models import Business, Party, User
from catalog.models import Item
from ledger import billing, drafting, posting
from ledger.crediting import Want
from ledger.demo.contents import CASH_BILLS, CREDIT_NOTES, MAIN, OTHER, Buyer, Goods
from ledger.drafting import Draft, DraftLine
from ledger.models import Invoice, OpenItem, Payment

SEED = 27_1187
SHOWN_REFERENCE = "PO-1187"
_CASH = Buyer("", "", "", "", "", "", "cash", CASH_BILLS)
_RETURNS = ("Damaged in transit", "Wrong pack size sent", "Near expiry, taken back", "Leaking packs returned")
_TEMPO = ("MH 12 QX 4410", "MH 12 RN 2087", "MH 14 GT 6612")
# The main customer's last bills, days ago: overdue, cancelled, part paid, and the one that is shown.
_OVERDUE, _CANCELLED, _PART_PAID, _SHOWN = 41, 30, 10, 3

Deed = Callable[[dt.date], object]


class Year:
    """Plans the bills of all buyers, then lets day after day happen."""

    def __init__(
        self,
        business: Business,
        owner: User,
        parties: dict[Buyer, Party],
        walk_in: Party,
        shelf: Sequence[tuple[Goods, Item]],
    ) -> None:
        self.business, self.owner, self.shelf = business, owner, shelf
        self.parties = parties | {_CASH: walk_in}
        self.today = today()
        self.rng = random.Random(SEED)  # noqa: S311  a demo, no secret
        self._queue: list[tuple[dt.date, int, Deed]] = []
        self._turn = itertools.count()

    def happen(self) -> None:
        """Post the whole year."""
        self._plan()
        while self._queue:
            day, _turn, deed = heapq.heappop(self._queue)
            deed(day)
        for buyer in (OTHER, MAIN):
            self._draft(buyer, self.today, self._lines(self.today))

    def _at(self, day: dt.date, deed: Deed) -> None:
        """What would happen after today does not happen."""
        if day <= self.today:
            heapq.heappush(self._queue, (day, next(self._turn), deed))

    def _ago(self, days: int) -> dt.date:
        day = self.today - dt.timedelta(days=days)
        return day - dt.timedelta(days=1) if day.weekday() == 6 else day  # closed on Sundays

    # --- plans ----------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        planned = [
            (buyer, ago)
            for buyer in self.parties
            for ago in self.rng.sample(range(60 if buyer is MAIN else 2, 362), buyer.bills - 4 * (buyer is MAIN))
        ]
        in_debt = [n for n, (buyer, ago) in enumerate(planned) if ago > 20 and buyer.habit not in ("cash", "ahead")]
        returned = self.rng.sample([n for n in in_debt if planned[n][0] is not MAIN], CREDIT_NOTES - 2)
        returned.append(next(n for n in in_debt if planned[n][0] is MAIN))
        # Paid at once, so what comes back is given back in cash.
        returned.append(next(n for n, (buyer, ago) in enumerate(planned) if buyer.habit == "cash" and ago > 20))
        bounced = next(n for n, (buyer, ago) in enumerate(planned) if buyer is OTHER and 60 < ago < 300)
        for n, (buyer, ago) in enumerate(planned):
            self._at(self._ago(ago), self._sale(buyer, n in returned, n == bounced))
        for buyer in self.parties:
            if buyer.habit == "ahead":
                for ago in (350, 260, 170, 80, 6):
                    self._at(self._ago(ago), self._pay_ahead(buyer))
        self._plan_main()

    def _plan_main(self) -> None:
        def sell(reference: str, then: Callable[[Invoice, dt.date], None] | None = None) -> Deed:
            def deed(day: dt.date) -> None:
                invoice = self._bill(MAIN, day, self._lines(day, 6), reference)
                if then:
                    then(invoice, day)

            return deed

        def cancel(invoice: Invoice, day: dt.date) -> None:
            self._at(
                day + dt.timedelta(days=1),
                lambda _day: posting.cancel_invoice(invoice, self.owner, "Billed twice by mistake"),
            )

        def pay_part(invoice: Invoice, day: dt.date) -> None:
            self._at(
                day + dt.timedelta(days=4),
                lambda on: self._pay(invoice, on, invoice.total_paise * 2 // 5 // 500_00 * 500_00),
            )

        self._at(self._ago(_OVERDUE), sell("PO-1164"))
        self._at(self._ago(_CANCELLED), sell("PO-1171", cancel))
        self._at(self._ago(_PART_PAID), sell("PO-1179", pay_part))
        self._at(self._ago(_SHOWN), sell(SHOWN_REFERENCE))

    def _sale(self, buyer: Buyer, is_returned: bool, bounces: bool) -> Deed:
        def deed(day: dt.date) -> None:
            lines = self._lines(day, quick=buyer is _CASH)
            reference = f"PO-{self.rng.randrange(200, 1100)}" if buyer.pan and self.rng.random() < 0.4 else ""
            invoice = self._bill(buyer, day, lines, reference)
            if bounces:
                self._at(day + dt.timedelta(days=12), lambda on: self._bounce(invoice, on))
            elif buyer.habit != "ahead":  # their advance settles it
                self._expect(buyer, invoice)
            if is_returned:
                self._at(day + dt.timedelta(days=4), lambda on: self._take_back(invoice, on, buyer.habit == "cash"))

        return deed

    def _expect(self, buyer: Buyer, invoice: Invoice) -> None:
        """When and how this buyer will pay."""
        rng, due = self.rng, invoice.due_on

        def all_of_it(on: dt.date) -> None:
            self._pay(invoice, on)

        def most_of_it(on: dt.date) -> None:
            self._pay(invoice, on, max(invoice.total_paise * rng.randrange(40, 75) // 100 // 500_00, 1) * 500_00)

        match buyer.habit:
            case "cash":
                self._at(invoice.issued_on, all_of_it)
            case "prompt":
                self._at(due - dt.timedelta(days=rng.randrange(7)), all_of_it)
            case "part":
                self._at(due - dt.timedelta(days=rng.randrange(6)), most_of_it)
                if rng.random() < 0.8:
                    self._at(due + dt.timedelta(days=rng.randrange(10, 35)), all_of_it)
            case "late" if rng.random() < 0.85:
                self._at(due + dt.timedelta(days=rng.randrange(20, 75)), all_of_it)

    # --- deeds ----------------------------------------------------------------------------------------------

    def _lines(self, day: dt.date, count: int = 0, quick: bool = False) -> list[DraftLine]:
        rng = self.rng
        lines = []
        for goods, item in rng.sample(
            self.shelf, count or rng.randrange(1, 4) if quick else count or rng.randrange(2, 9)
        ):
            worth = rng.uniform(100, 700) if quick else rng.uniform(700, 5_200)
            amount = min(max(round(worth / goods.price), 1), 144)
            if amount > 12:
                amount -= amount % 6
            half = 500 if goods.unit == "KGS" and rng.random() < 0.5 else 0
            price_e4 = item.unit_price_e4
            is_discounted = not quick and rng.random() < 0.12
            lines.append(
                DraftLine(
                    description=item.name,
                    quantity_milli=amount * 1000 + half,
                    unit_price_e4=price_e4,
                    gst_rate_bp=goods.rate_bp(day),
                    discount_paise=price_e4 * amount // 100 // 50 // 100 * 100 if is_discounted else 0,  # 2 %
                    price_includes_tax=goods.includes_tax,
                    unit=item.unit,
                    hsn=item.hsn,
                    item_id=item.pk,
                )
            )
        return lines

    def _draft(
        self, buyer: Buyer, day: dt.date, lines: list[DraftLine], reference: str = "", notes: str = ""
    ) -> Invoice:
        party = self.parties[buyer]
        days = 0 if party.is_walk_in else party.days_of_credit()
        draft = Draft(party, day, day + dt.timedelta(days=days), lines, notes=notes, reference=reference)
        return drafting.save(self.business, draft, self.owner)

    def _bill(self, buyer: Buyer, day: dt.date, lines: list[DraftLine], reference: str = "") -> Invoice:
        notes = f"Sent by tempo {self.rng.choice(_TEMPO)}" if self.rng.random() < 0.3 else ""
        return posting.issue(self._draft(buyer, day, lines, reference, notes=notes), self.owner)

    def _pay(self, invoice: Invoice, on: dt.date, paise: int | None = None, mode: str = "") -> Payment | None:
        """Money for this bill: all that is due on it, or so much."""
        item = OpenItem.objects.get(invoice=invoice)
        due = item.total_paise - item.settled_paise
        amount = min(due, paise or due)
        if not amount:
            return None
        if invoice.party.is_walk_in:
            mode = mode or self.rng.choice((Payment.Mode.CASH, Payment.Mode.UPI))
        mode = mode or self.rng.choices(("upi", "bank", "cheque", "cash"), (50, 25, 15, 10))[0]
        return posting.record_payment(
            self.business,
            invoice.party,
            amount_paise=amount,
            mode=mode,
            paid_on=on,
            by=self.owner,
            reference=self._reference(mode),
            shares=[(item.pk, amount)],
        )

    def _reference(self, mode: str) -> str:
        match mode:
            case "upi":
                return str(self.rng.randrange(10**11, 10**12))
            case "bank":
                return f"NEFT{self.rng.randrange(10**11, 10**12)}"
            case "cheque":
                return f"{self.rng.randrange(10**6):06d}"
        return ""

    def _bounce(self, invoice: Invoice, day: dt.date) -> None:
        """A cheque that comes back; the money follows later."""
        if payment := self._pay(invoice, day, mode="cheque"):
            reason = "Cheque returned by the bank: funds insufficient"
            self._at(
                day + dt.timedelta(days=3),
                lambda _day: posting.cancel_payment(payment, self.owner, reason),
            )
            self._at(day + dt.timedelta(days=9), lambda on: self._pay(invoice, on, mode="upi"))

    def _pay_ahead(self, buyer: Buyer) -> Deed:
        """All that is due, and some 20,000 rupees more: an advance."""

        def deed(day: dt.date) -> None:
            party = self.parties[buyer]
            due = sum(item.total_paise - item.settled_paise for item in posting.open_debits(party))
            posting.record_payment(
                self.business,
                party,
                amount_paise=(due + 20_000_00) // 1_000_00 * 1_000_00,
                mode="bank",
                paid_on=day,
                by=self.owner,
                reference=self._reference("bank"),
                note="On account",
            )

        return deed

    def _take_back(self, invoice: Invoice, day: dt.date, is_paid: bool) -> None:
        """A credit note for some of the first full-price line; of a bill that is paid the money goes back in cash."""
        line = invoice.lines.filter(discount_paise=0).first() or invoice.lines.all()[0]
        few = min(max(line.quantity_milli // 4000, 1) * 1000, line.quantity_milli)
        wants = [Want(line.pk, quantity_milli=few)]
        note = billing.credit(invoice, wants, self.owner, issued_on=day, reason=self.rng.choice(_RETURNS))
        if is_paid:
            posting.record_payment(
                self.business,
                invoice.party,
                amount_paise=note.total_paise,
                mode="cash",
                paid_on=day,
                by=self.owner,
                direction=Payment.Direction.PAID,
            )
