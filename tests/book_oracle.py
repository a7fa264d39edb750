"""The book as plain integers, written from the rules and not from the code: it imports nothing of the product.

Paise, thousandths, ten-thousandths of a rupee and basis points, as everywhere. A forbidden deed raises Forbidden and
leaves the book as it was.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

AMOUNTS = ("taxable", "cgst", "sgst", "igst", "cess", "untaxed")
Shares = Sequence[tuple["Doc", int]]


class Forbidden(Exception):
    """The rules do not allow this."""


def half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@dataclass(frozen=True)
class Line:
    """A line as typed. `charge` "" is goods, "taxed" freight before tax, "after" an amount added after tax."""

    quantity: int
    price_e4: int
    discount: int = 0
    rate: int = 0
    cess_rate: int = 0
    cess_unit_e4: int = 0
    inclusive: bool = False
    charge: str = ""
    counted: bool = False

    @property
    def gross(self) -> int:
        return half_up(Fraction(self.quantity, 1000) * Fraction(self.price_e4, 100))


@dataclass
class Billed:
    """What a line came to, or what a credit note takes back of line number `of`."""

    quantity: int
    amounts: dict[str, int]
    counted: bool
    is_charge: bool
    of: int = -1

    @property
    def total(self) -> int:
        return sum(self.amounts.values())


@dataclass(eq=False, repr=False)
class Doc:
    """A document of one party: `side` "D" raises what it owes. `key` is what the product calls it."""

    kind: str
    party: int
    side: str
    on: dt.date
    due: dt.date
    total: int
    lines: list[Billed] = field(default_factory=list)
    rounds: bool = False
    original: "Doc | None" = None
    replaces: "Doc | None" = None
    deducted_from: "Doc | None" = None
    twin: tuple[str, str] = ("", "")
    live: bool = True
    key: tuple[str, int] = ("", 0)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.key[1]} of {self.party}: {self.total} on {self.on}>"


def tax(line: Line, document_discount: int, inter_state: bool) -> Billed:
    """Each half of the tax is taxable x rate / 2, rounded half up by itself; cess by rate and by unit likewise."""
    amounts = dict.fromkeys(AMOUNTS, 0)
    net = line.gross - line.discount - document_discount
    if line.charge == "after":
        amounts["untaxed"] = net
    else:
        by_unit = half_up(Fraction(line.quantity, 1000) * Fraction(line.cess_unit_e4, 100))
        taxable = net
        if line.inclusive:
            taxable = half_up(Fraction(max(net - by_unit, 0) * 10_000, 10_000 + line.rate + line.cess_rate))
        amounts["taxable"] = taxable
        if inter_state:
            amounts["igst"] = half_up(Fraction(taxable * line.rate, 10_000))
        else:
            amounts["cgst"] = amounts["sgst"] = half_up(Fraction(taxable * line.rate, 20_000))
        amounts["cess"] = half_up(Fraction(taxable * line.cess_rate, 10_000)) + by_unit
    return Billed(line.quantity, amounts, line.counted, bool(line.charge))


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """In proportion; the paise that are left over go to the largest fractions, the earlier line first."""
    if not amount:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    for _ in range(amount - sum(parts)):
        lucky = max(range(len(parts)), key=lambda n: (exact[n] - parts[n], -n))
        parts[lucky] += 1
    return parts


class Book:
    """All parties of one business; `inter_state` are those in another State."""

    def __init__(self, today: dt.date, inter_state: set[int]) -> None:
        self.today = today
        self.inter_state = inter_state
        self.closed_on: dt.date | None = None
        self.docs: list[Doc] = []
        self.settled: dict[tuple[Doc, Doc], int] = {}
        self.entries: list[tuple[int, dt.date, int]] = []
        self.stock = 0

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        kept = list(self.docs), dict(self.settled), list(self.entries), self.stock, self.closed_on
        alive = [doc for doc in self.docs if doc.live]
        try:
            yield
        except Forbidden:
            self.docs, self.settled, self.entries, self.stock, self.closed_on = kept
            for doc in alive:
                doc.live = True
            raise

    # --- what stands in it ---

    def open(self, doc: Doc) -> int:
        return (doc.total if doc.live else 0) - self.used(doc)

    def used(self, doc: Doc) -> int:
        return sum(paise for pair, paise in self.settled.items() if doc in pair)

    def open_items(self, party: int, side: str) -> list[Doc]:
        """Oldest due first; of one day, as they were recorded."""
        return sorted(
            (doc for doc in self.docs if doc.party == party and doc.side == side and self.open(doc) > 0),
            key=lambda doc: doc.due,
        )

    def balance(self, party: int) -> int:
        return sum(paise for whose, _on, paise in self.entries if whose == party)

    def balance_before(self, party: int, day: dt.date) -> int:
        return sum(paise for whose, on, paise in self.entries if whose == party and on < day)

    def running(self, party: int) -> list[tuple[dt.date, int, int]]:
        """(date, amount, balance after it), by date and then as posted."""
        rows, balance = [], 0
        for _whose, on, paise in sorted((entry for entry in self.entries if entry[0] == party), key=lambda e: e[1]):
            balance += paise
            rows.append((on, paise, balance))
        return rows

    def notes_of(self, invoice: Doc) -> list[Doc]:
        return [doc for doc in self.docs if doc.original is invoice and doc.live]

    def replacement_of(self, invoice: Doc) -> Doc | None:
        return next((doc for doc in self.docs if doc.replaces is invoice and doc.live), None)

    def left_of(self, invoice: Doc) -> list[Billed]:
        left = [Billed(line.quantity, dict(line.amounts), line.counted, line.is_charge) for line in invoice.lines]
        for note in self.notes_of(invoice):
            for part in note.lines:
                left[part.of].quantity -= part.quantity
                for name in AMOUNTS:
                    left[part.of].amounts[name] -= part.amounts[name]
        return left

    # --- the rules ---

    def _day(self, on: dt.date) -> None:
        if on > self.today or (self.closed_on and on <= self.closed_on):
            raise Forbidden("day")

    def _post(self, doc: Doc) -> Doc:
        self.docs.append(doc)
        if doc.total:
            self.entries.append((doc.party, doc.on, doc.total if doc.side == "D" else -doc.total))
        return doc

    def _settle(self, debit: Doc, credit: Doc, paise: int) -> None:
        assert 0 < paise <= min(self.open(debit), self.open(credit))
        self.settled[debit, credit] = self.settled.get((debit, credit), 0) + paise

    def _settle_oldest(self, credit: Doc) -> None:
        for debit in self.open_items(credit.party, "D"):
            if part := min(self.open(debit), self.open(credit)):
                self._settle(debit, credit, part)

    def _use_credits(self, debit: Doc) -> None:
        for credit in self.open_items(debit.party, "C"):
            if part := min(self.open(debit), self.open(credit)):
                self._settle(debit, credit, part)

    def _by_hand(self, credit: Doc, shares: Shares) -> None:
        wanted: dict[Doc, int] = defaultdict(int)
        for debit, paise in shares:
            if paise < 0:
                raise Forbidden("negative")
            wanted[debit] += paise
        if sum(wanted.values()) > self.open(credit):
            raise Forbidden("more than the credit")
        for debit, paise in wanted.items():
            if paise and (debit.party != credit.party or debit.side != "D"):
                raise Forbidden("not this party's bill")
            if paise > self.open(debit):
                raise Forbidden("more than is due")
        for debit, paise in sorted(wanted.items(), key=lambda share: self.docs.index(share[0])):
            if paise:
                self._settle(debit, credit, paise)

    def _free(self, doc: Doc) -> None:
        self.settled = {pair: paise for pair, paise in self.settled.items() if doc not in pair}

    def sketch(
        self, party: int, lines: Sequence[Line], on: dt.date, due: dt.date, discount: int, *, rounds: bool, side: str
    ) -> Doc:
        """A draft: nothing of it stands in the book."""
        nets = [0 if line.charge == "after" else line.gross - line.discount for line in lines]
        if discount > sum(nets):
            raise Forbidden("discount")
        parts = share_out(discount, nets)
        billed = [tax(line, part, party in self.inter_state) for line, part in zip(lines, parts, strict=True)]
        exact = sum(line.total for line in billed)
        total = half_up(Fraction(exact, 100)) * 100 if rounds else exact
        kind = "invoice" if side == "D" else "credit_note"
        return Doc(kind, party, side, on, due, total, billed, rounds)

    def issue(self, draft: Doc, settled_by: Sequence[tuple[Doc, int]] = ()) -> Doc:
        if not draft.lines:
            raise Forbidden("no lines")
        self._day(draft.on)
        self.stock += (1 if draft.side == "C" else -1) * sum(line.quantity for line in draft.lines if line.counted)
        self._post(draft)
        for credit, paise in settled_by:
            if part := min(paise, self.open(credit), self.open(draft)):
                self._settle(draft, credit, part)
        if draft.side == "D":
            self._use_credits(draft)
        return draft

    def credit(self, invoice: Doc, wants: dict[int, tuple[int, int]] | None, on: dt.date) -> Doc:
        """`wants` is {line: (quantity, value before tax)}, one of both; None is all that is left."""
        if invoice.kind != "invoice" or not invoice.live or on < invoice.on:
            raise Forbidden("not to be credited")
        left = self.left_of(invoice)
        if wants is None:
            wants = {
                n: (0 if row.is_charge else row.quantity, row.amounts["taxable"] + row.amounts["untaxed"])
                for n, row in enumerate(left)
                if row.total or (row.quantity and not row.is_charge)
            }
        taken = [self._part(n, left[n], *want) for n, want in wants.items() if any(want)]
        if not taken:
            raise Forbidden("nothing")
        self._day(on)
        exact = sum(part.total for part in taken)
        rest = invoice.total - sum(note.total for note in self.notes_of(invoice))
        rounded = half_up(Fraction(exact, 100)) * 100 if invoice.rounds else exact
        total = rest if exact == sum(row.total for row in left) else min(rounded, rest)
        note = Doc("credit_note", invoice.party, "C", on, on, total, taken, invoice.rounds, original=invoice)
        self._post(note)
        if part := min(total, self.open(invoice)):
            self._settle(invoice, note, part)
        self.stock += sum(line.quantity for line in taken if line.counted)
        return note

    def _part(self, number: int, left: Billed, quantity: int, value: int) -> Billed:
        part, whole = quantity, left.quantity
        if not quantity:
            part, whole = value, left.amounts["taxable"] + left.amounts["untaxed"]
        if part < 0 or part > whole or (quantity and left.is_charge):
            raise Forbidden("more than is left")
        amounts = {name: half_up(Fraction(left.amounts[name] * part, whole)) for name in AMOUNTS}
        return Billed(quantity, amounts, left.counted and quantity > 0, left.is_charge, of=number)

    def cancel(self, doc: Doc) -> Doc:
        if not doc.live:
            return doc
        if self.notes_of(doc):
            raise Forbidden("its credit notes first")
        if doc.kind == "credit_note" and doc.original and self.replacement_of(doc.original):
            raise Forbidden("the invoice it takes back has been replaced")
        for tds in [tds for tds in self.docs if tds.deducted_from is doc]:
            self.cancel(tds)
        on = self.today if self.closed_on and doc.on <= self.closed_on else doc.on
        self._day(on)
        if doc.total:
            self.entries.append((doc.party, on, -doc.total if doc.side == "D" else doc.total))
        self._free(doc)
        doc.live = False
        moved = sum(line.quantity for line in doc.lines if line.counted)
        self.stock += moved if doc.kind == "invoice" else -moved
        return doc

    def amend(self, invoice: Doc, draft: Doc, *, by_note: bool) -> tuple[Doc, Doc | None]:
        """The new invoice, and the credit note if that is the way. What had settled the old one settles the new one."""
        if invoice.kind != "invoice" or not invoice.live or self.replacement_of(invoice):
            raise Forbidden("not to be amended")
        before = {pair[1]: paise for pair, paise in self.settled.items() if pair[0] is invoice}
        note = None
        if by_note:
            # The note needs room on the old invoice: the other credits leave it, the last one first.
            rest = invoice.total - sum(one.total for one in self.notes_of(invoice))
            missing = max(rest - self.open(invoice), 0)
            freed: dict[Doc, int] = {}
            for credit in reversed([credit for credit in before if credit.original is not invoice]):
                if part := min(missing, before[credit]):
                    freed[credit] = part
                    missing -= part
            for credit, part in freed.items():
                self.settled[invoice, credit] -= part
            self.settled = {pair: paise for pair, paise in self.settled.items() if paise}
            note = self.credit(invoice, None, draft.on)
            before = {credit: freed[credit] for credit in before if credit in freed}
        else:
            self.cancel(invoice)
        draft.replaces = invoice
        return self.issue(draft, tuple(before.items()) if draft.party == invoice.party else ()), note

    def pay(
        self, party: int, paise: int, tds: int, on: dt.date, shares: Shares | None, twin: tuple[str, str]
    ) -> tuple[Doc, Doc | None]:
        """Money received, and the tax kept back from it."""
        if paise <= 0 or tds < 0:
            raise Forbidden("amount")
        self._day(on)
        self._once(party, twin)
        money = self._post(Doc("payment", party, "C", on, on, paise, twin=twin))
        kept = Doc("tds", party, "C", on, on, tds, deducted_from=money)
        rest = list(shares or ())
        if shares is None:
            self._settle_oldest(money)
        else:
            first, rest = split(shares, paise) if tds else (list(shares), [])
            self._by_hand(money, first)
        if not tds:
            return money, None
        self._post(kept)
        if shares is None:
            self._settle_oldest(kept)
        else:
            self._by_hand(kept, rest)
        return money, kept

    def _once(self, party: int, twin: tuple[str, str]) -> None:
        if twin[1] and any(doc.live and doc.party == party and doc.twin == twin for doc in self.docs):
            raise Forbidden("reference")

    def refund(self, party: int, paise: int, on: dt.date, twin: tuple[str, str]) -> Doc:
        if paise <= 0:
            raise Forbidden("amount")
        self._day(on)
        self._once(party, twin)
        money = self._post(Doc("refund", party, "D", on, on, paise, twin=twin))
        self._use_credits(money)
        return money

    def adjust(
        self, party: int, kind: str, side: str, paise: int, on: dt.date, reason: str, shares: Shares | None
    ) -> Doc:
        if paise <= 0 or (kind in ("write_off", "adjustment") and not reason.strip()):
            raise Forbidden("amount or reason")
        if kind == "tds" and side == "D":
            raise Forbidden("tax kept back lowers what is owed")
        if kind == "opening" and any(doc.live and doc.kind == kind and doc.party == party for doc in self.docs):
            raise Forbidden("a second opening balance")
        self._day(on)
        doc = self._post(Doc(kind, party, side, on, on, paise))
        if side == "D":
            if shares is None:
                self._use_credits(doc)
        elif shares is None:
            self._settle_oldest(doc)
        else:
            self._by_hand(doc, shares)
        return doc

    def allocate(self, credit: Doc, shares: Shares, *, instead: bool) -> Doc:
        """Use what is left of a credit; `instead`: for exactly these, and no others."""
        if credit.side != "C" or not credit.live or not credit.total:
            raise Forbidden("no credit")
        if instead and credit.original and self.replacement_of(credit.original):
            held = self.settled.get((credit.original, credit), 0)
            if sum(part for debit, part in shares if debit is credit.original) < held:
                raise Forbidden("the replaced invoice would be due again")
        if instead:
            self._free(credit)
        self._by_hand(credit, shares)
        return credit

    def close(self, up_to: dt.date | None) -> None:
        if up_to and up_to > self.today:
            raise Forbidden("future")
        self.closed_on = up_to


def split(shares: Shares, paise: int) -> tuple[list[tuple[Doc, int]], list[tuple[Doc, int]]]:
    """The first `paise` of the shares, and the rest of them."""
    first, rest = [], []
    for debit, part in shares:
        if part < 0:
            raise Forbidden("negative")
        now = min(part, paise)
        paise -= now
        first.append((debit, now))
        rest.append((debit, part - now))
    return first, rest
