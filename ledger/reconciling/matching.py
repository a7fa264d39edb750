"""Comparing two ledgers of one account. Pure, the same answer for the same rows in any order, O(n log n).

The surest ties are knotted first and each row is used once: number and amount, the number nearly and the amount, day and
amount, then what is left of one number, then amounts alone. What no rule ties is missing on the other side. So every
row stands in exactly one finding, and the steps of the bridge add up by themselves.
"""

import bisect
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from accounts.money import divide_half_up
from ledger.reconciling import keys
from ledger.reconciling.kinds import Finding, Kind, Ours, Result, Step, Theirs

NEAR_DAYS = 45  # a row without a number may be booked so much earlier or later
SPLIT_DAYS = 7
_WINDOW = 60  # rows looked at around one for parts of a sum
_TDS_BP = (10, 100, 200, 500, 1000)  # 194Q 0.1 %, 194C 1 and 2 %, 194H 2 and 5 %, 194J 10 %


def compare(
    ours: Iterable[Ours],
    theirs: Iterable[Theirs],
    *,
    our_opening: int,
    their_opening: int | None,
    stated_closing: int | None = None,
    cancelled: Iterable[Ours] = (),
) -> Result:
    """What differs and why. An opening balance that their file does not say (None) is taken to be ours, or what
    their stated closing leaves for it.
    """
    sorted_ours = sorted(ours, key=lambda row: (row.on, row.key))
    sorted_theirs = sorted(theirs, key=lambda row: (row.on, row.line))
    moved = sum(row.paise for row in sorted_theirs)
    if their_opening is None:
        their_opening = our_opening if stated_closing is None else stated_closing - moved
    computed = their_opening + moved
    findings = _Matching(sorted_ours, sorted_theirs, sorted(cancelled, key=lambda row: (row.on, row.key))).findings()
    findings.sort(key=lambda finding: (_day(finding), _line(finding)))
    closing = computed if stated_closing is None else stated_closing
    our_closing = our_opening + sum(row.paise for row in sorted_ours if row.in_period)
    steps = [Step(Kind.STATED, 0, computed - closing), Step(Kind.OPENING, 0, our_opening - their_opening)]
    for kind in Kind:
        of_kind = [finding for finding in findings if finding.kind is kind]
        steps.append(Step(kind, len(of_kind), sum(finding.paise for finding in of_kind)))
    steps = [step for step in steps if step.paise or (step.rows and step.kind is not Kind.SAME)]
    if closing + sum(step.paise for step in steps) != our_closing:  # never: every row stands in one finding
        raise AssertionError("the bridge does not reach the other bank")
    return Result(findings, closing, our_closing, steps)


def _day(finding: Finding) -> dt.date:
    return (finding.theirs or finding.ours)[0].on


def _line(finding: Finding) -> tuple[int, str]:
    return finding.theirs[0].line if finding.theirs else 0, finding.ours[0].key if finding.ours else ""


class _Matching:
    """The state of one comparison: which rows are free, and what was found."""

    def __init__(self, ours: Sequence[Ours], theirs: Sequence[Theirs], cancelled: Sequence[Ours]) -> None:
        self.ours, self.theirs, self.cancelled = ours, theirs, cancelled
        self.free_ours, self.free_theirs = dict.fromkeys(range(len(ours))), dict.fromkeys(range(len(theirs)))
        self.found: list[Finding] = []
        self.pairs: list[tuple[int, int]] = []
        self.our_keys = [keys.keys_of_ours(row) for row in ours]
        self.own_keys = [keys.own_keys(row) for row in theirs]
        self.their_keys = [keys.keys_of_theirs(row) for row in theirs]
        self.by_key: dict[str, list[int]] = defaultdict(list)
        for at, names in enumerate(self.our_keys):
            for name in names:
                self.by_key[name].append(at)
        self.shapes = keys.shapes([*ours, *cancelled])
        hits = sum(any(key in self.by_key for key in names) for names in self.their_keys)
        # Where they number their vouchers themselves, their numbers say nothing about ours.
        self.they_use_our_numbers = hits * 4 >= len(theirs)

    def findings(self) -> list[Finding]:
        self._by_number_and_amount(same_day=True)
        self._by_number_and_amount(same_day=False)
        self._again_by_number()
        self._nearly_the_number()
        self._by_day_and_amount()
        self._again_by_day()
        self._sums_of_one_number()
        self._rest_of_one_number()
        self._payment_with_its_tds()
        self._by_amount_near_the_day()
        self._sums_near_the_day()
        self._wrong_side_on_the_day()
        self._slips_on_the_day()
        self._cancelled()
        self._left_over()
        return self.found

    # --- knots ----------------------------------------------------------------------------------------------

    def _knot(self, kind: Kind, ours: Sequence[int], theirs: Sequence[int]) -> None:
        mine, other = tuple(self.ours[at] for at in ours), tuple(self.theirs[at] for at in theirs)
        also = bool(mine and other) and {row.on for row in mine} != {row.on for row in other}
        if kind is Kind.SAME and also:
            kind = Kind.DATE
        self.found.append(Finding(kind, mine, other, also and kind is not Kind.DATE))
        for at in ours:
            del self.free_ours[at]
        for at in theirs:
            del self.free_theirs[at]
        if len(ours) == len(theirs) == 1:
            self.pairs.append((ours[0], theirs[0]))

    def _pair_up(
        self,
        kind: Callable[[int, int], Kind | None],
        name_ours: Callable[[int], Iterable[Hashable]],
        name_theirs: Callable[[int], Iterable[Hashable]],
        *,
        within: int | None = None,
    ) -> None:
        """Knot free rows that share a name, the nearest day first. `kind` None: not these two."""
        named: dict[Hashable, list[int]] = defaultdict(list)
        for at in self.free_ours:
            for name in name_ours(at):
                named[name].append(at)
        days = {name: [self.ours[at].on for at in rows] for name, rows in named.items()}
        for at in list(self.free_theirs):
            on = self.theirs[at].on
            for name in name_theirs(at):
                if name in named and (other := self._nearest(named[name], days[name], on, within)) is not None:
                    said = kind(other, at)
                    if said is not None:
                        self._knot(said, [other], [at])
                        break

    def _nearest(self, rows: list[int], days: list[dt.date], on: dt.date, within: int | None) -> int | None:
        """The free row of `rows` (in order of `days`) that is nearest to a day; those that are used go away."""
        place = bisect.bisect_left(days, on)
        right = place
        while right < len(rows) and rows[right] not in self.free_ours:
            right += 1
        left = place - 1
        while left >= 0 and rows[left] not in self.free_ours:
            left -= 1
        if right - left > 16:  # so that many rows of one name cost no square
            del rows[left + 1 : right], days[left + 1 : right]
            right = left + 1
        choices = [at for at in (left, right) if 0 <= at < len(rows)]
        if not choices:
            return None
        best = min(choices, key=lambda at: (abs((days[at] - on).days), at))
        return None if within is not None and abs((days[best] - on).days) > within else rows[best]

    def _by_number_and_amount(self, *, same_day: bool) -> None:
        def kind(our: int, their: int) -> Kind | None:
            return Kind.SAME

        def name(names: list[str], row: Ours | Theirs) -> Iterator[Hashable]:
            return ((key, row.paise, row.on if same_day else None) for key in names)

        self._pair_up(
            kind,
            lambda at: name(self.our_keys[at], self.ours[at]),
            lambda at: name(self.their_keys[at], self.theirs[at]),
        )

    def _again_by_number(self) -> None:
        """A second row of a number that has its partner already."""
        partners: dict[tuple[str, int], int] = {}
        for our, their in self.pairs:
            for key in self.their_keys[their]:
                if key in self.our_keys[our]:
                    partners.setdefault((key, self.ours[our].paise), our)
        for at in list(self.free_theirs):
            row = self.theirs[at]
            # A bill of the same amount that is still free is the better tie.
            if any((key, row.paise) in partners for key in self.their_keys[at]) and not self._says_another(at):
                self._knot(Kind.TWICE, [], [at])

    def _says_another(self, at: int) -> bool:
        """Whether the row names a document that is free and of its amount."""
        paise = self.theirs[at].paise
        return any(
            our in self.free_ours and self.ours[our].paise == paise
            for key in self.own_keys[at]
            for our in self.by_key.get(key, ())
        )

    def _nearly_the_number(self) -> None:
        def names(found: Iterable[str], row: Ours | Theirs) -> set[Hashable]:
            return {(part, row.paise) for key in found for part in keys.near(key)}

        def candidates(at: int) -> list[Hashable]:
            free = (key for key in self.own_keys[at] if key not in self.by_key)
            return sorted(names(free, self.theirs[at]), key=str)

        self._pair_up(
            lambda our, their: Kind.REFERENCE,
            lambda at: names(self.our_keys[at], self.ours[at]),
            candidates,
            within=NEAR_DAYS,
        )

    def _by_day_and_amount(self) -> None:
        def kind(our: int, their: int) -> Kind | None:
            if not self._speaks(their):
                return Kind.SAME
            return None if self._names_a_free_bill(their) else Kind.REFERENCE

        self._pair_up(
            kind,
            lambda at: [(self.ours[at].on, self.ours[at].paise)],
            lambda at: [(self.theirs[at].on, self.theirs[at].paise)],
        )

    def _speaks(self, at: int) -> bool:
        """Whether the row's own number is meant to be one of this shop's bills."""
        return self.they_use_our_numbers and any(keys.shape(key) in self.shapes for key in self.own_keys[at])

    def _names_a_bill(self, at: int) -> bool:
        return any(key in self.by_key for key in self.own_keys[at])

    def _names_a_free_bill(self, at: int) -> bool:
        return any(our in self.free_ours for key in self.own_keys[at] for our in self.by_key.get(key, ()))

    def _again_by_day(self) -> None:
        """The same row once more: day, amount and words of one that has its partner."""
        known = {self._looks(their) for _our, their in self.pairs}
        for at in list(self.free_theirs):
            if self._looks(at) in known and not self._speaks(at):
                self._knot(Kind.TWICE, [], [at])

    def _looks(self, at: int) -> tuple[dt.date, int, str]:
        row = self.theirs[at]
        return row.on, row.paise, " ".join(row.text.casefold().split())

    def _sums_of_one_number(self) -> None:
        """One of ours in several of theirs under its number, or several of ours in one."""
        theirs: dict[str, list[int]] = defaultdict(list)
        for at in self.free_theirs:
            for key in self.their_keys[at]:
                if key in self.by_key:
                    theirs[key].append(at)
        for key, named in theirs.items():
            parts = [at for at in named if at in self.free_theirs]
            wholes = [at for at in self.by_key[key] if at in self.free_ours]
            if (len(parts) > 1 and len(wholes) == 1 and self._is_sum(wholes, parts)) or (
                len(parts) == 1 and len(wholes) > 1 and self._is_sum(wholes, parts)
            ):
                self._knot(Kind.SPLIT, wholes, parts)

    def _is_sum(self, ours: Sequence[int], theirs: Sequence[int]) -> bool:
        amounts = [self.ours[at].paise for at in ours], [self.theirs[at].paise for at in theirs]
        return sum(amounts[0]) == sum(amounts[1]) and len({paise > 0 for side in amounts for paise in side}) == 1

    def _rest_of_one_number(self) -> None:
        """One number, another amount: on the wrong side, or more or less of it."""

        def side(our: int, their: int) -> Kind | None:
            is_bill_paid = self.ours[our].is_document and keys.says_money(self.theirs[their])
            return None if is_bill_paid and not set(self.own_keys[their]) & set(self.our_keys[our]) else Kind.SIDE

        self._pair_up(
            side,
            lambda at: [(key, self.ours[at].paise) for key in self.our_keys[at]],
            lambda at: [(key, -self.theirs[at].paise) for key in self.their_keys[at]],
        )

        def other(our: int, their: int) -> Kind | None:
            if self.ours[our].is_document and keys.says_money(self.theirs[their]) and self.theirs[their].paise < 0:
                return None  # money for the bill, not the bill
            return self._of_amounts(self.ours[our], self.theirs[their])

        self._pair_up(
            other,
            lambda at: [(key, self.ours[at].paise > 0) for key in self.our_keys[at]],
            lambda at: [
                (key, self.theirs[at].paise > 0)
                for key in (self.own_keys[at] if self._speaks(at) else self.their_keys[at])
            ],
        )

    def _of_amounts(self, ours: Ours, theirs: Theirs) -> Kind:
        more, less = abs(ours.paise), abs(theirs.paise)
        gap = abs(more - less)
        taxes = [tax for tax in ours.taxes if tax]
        if ours.is_document and gap in {*taxes, sum(taxes), *(sum(taxes[:2]),)} and gap:
            return Kind.TAX
        gross = max(more, less)
        deducted = {divide_half_up(gross * bp, 10_000) for bp in _TDS_BP}
        in_rupees = {divide_half_up(paise, 100) * 100 for paise in deducted}
        if not ours.is_document and gap in deducted | in_rupees and gap:
            return Kind.TDS
        return Kind.AMOUNT

    def _payment_with_its_tds(self) -> None:
        """They book the whole bill as paid where the shop has money and TDS as two rows."""
        groups: dict[str, list[int]] = defaultdict(list)
        for at in self.free_ours:
            if self.ours[at].group:
                groups[self.ours[at].group].append(at)
        wholes: dict[tuple[dt.date, int], list[int]] = {}
        for rows in groups.values():
            if len(rows) > 1:
                wholes.setdefault((self.ours[rows[0]].on, sum(self.ours[at].paise for at in rows)), rows)
        for at in list(self.free_theirs):
            if rows := wholes.pop((self.theirs[at].on, self.theirs[at].paise), []):
                self._knot(Kind.SPLIT, rows, [at])

    def _by_amount_near_the_day(self) -> None:
        self._pair_up(
            lambda our, their: Kind.DATE,
            lambda at: [self.ours[at].paise],
            lambda at: [] if self._speaks(at) else [self.theirs[at].paise],
            within=NEAR_DAYS,
        )

    def _sums_near_the_day(self) -> None:
        """A payment of the shop's as two of theirs within a week, or the other way round; bills only by their number."""
        ours = [at for at in self.free_ours if not self.ours[at].is_document]
        theirs = [at for at in self.free_theirs if not self._speaks(at)]
        our_rows, their_rows = [self.ours[at] for at in ours], [self.theirs[at] for at in theirs]
        for at in ours:
            if two := self._two(self.ours[at], their_rows, theirs, self.free_theirs):
                self._knot(Kind.SPLIT, [at], two)
        for at in theirs:
            if at in self.free_theirs and (two := self._two(self.theirs[at], our_rows, ours, self.free_ours)):
                self._knot(Kind.SPLIT, two, [at])

    @staticmethod
    def _two(
        whole: Ours | Theirs, rows: Sequence[Ours | Theirs], places: list[int], free: dict[int, None]
    ) -> list[int]:
        """Two free rows near a day that make up an amount; [] when there are none."""
        first = bisect.bisect_left(rows, whole.on - dt.timedelta(days=SPLIT_DAYS), key=lambda row: row.on)
        seen: dict[int, int] = {}
        for row, at in zip(rows[first : first + _WINDOW], places[first : first + _WINDOW], strict=True):
            if (row.on - whole.on).days > SPLIT_DAYS:
                break
            if at not in free or (row.paise > 0) != (whole.paise > 0) or abs(row.paise) >= abs(whole.paise):
                continue
            if whole.paise - row.paise in seen:
                return [seen[whole.paise - row.paise], at]
            seen.setdefault(row.paise, at)
        return []

    def _wrong_side_on_the_day(self) -> None:
        def kind(our: int, their: int) -> Kind | None:
            is_bill_paid = self.ours[our].is_document and keys.says_money(self.theirs[their])
            return None if is_bill_paid else Kind.SIDE

        self._pair_up(
            kind,
            lambda at: [(self.ours[at].on, self.ours[at].paise)],
            lambda at: [] if self._speaks(at) else [(self.theirs[at].on, -self.theirs[at].paise)],
        )

    def _slips_on_the_day(self) -> None:
        """The only rows of that day and side, and the amounts nearly the same: a slip of the pen."""

        def kind(our: int, their: int) -> Kind | None:
            mine, other = self.ours[our], self.theirs[their]
            if self.they_use_our_numbers and self.own_keys[their] and self.our_keys[our]:
                return None  # two numbers that have nothing in common
            gap = abs(mine.paise - other.paise)
            is_slip = sorted(str(abs(mine.paise))) == sorted(str(abs(other.paise))) or gap * 100 <= abs(mine.paise)
            known = self._of_amounts(mine, other)
            return known if is_slip or known is not Kind.AMOUNT else None

        self._pair_up(
            kind,
            lambda at: [] if self.ours[at].what == "tds" else [(self.ours[at].on, self.ours[at].paise > 0)],
            lambda at: (
                []
                if self._speaks(at) or keys.says_tds(self.theirs[at])
                else [(self.theirs[at].on, self.theirs[at].paise > 0)]
            ),
        )

    def _cancelled(self) -> None:
        """Rows whose document the shop has issued and taken back."""
        by_key = {key: row for row in reversed(self.cancelled) for key in keys.keys_of_ours(row)}
        by_day = {(row.on, row.paise): row for row in reversed(self.cancelled)}
        for at in list(self.free_theirs):
            row = self.theirs[at]
            named = next((by_key[key] for key in self.own_keys[at] if key in by_key), None)
            gone = named or (None if self._speaks(at) else by_day.get((row.on, row.paise)))
            if gone:
                self.found.append(Finding(Kind.CANCELLED, (gone,), (row,)))
                del self.free_theirs[at]

    def _left_over(self) -> None:
        for at in list(self.free_theirs):
            kind = Kind.OTHERS if self._speaks(at) and not self._names_a_bill(at) else Kind.MISSING_SHOP
            self._knot(Kind.TDS if keys.says_tds(self.theirs[at]) else kind, [], [at])
        for at in list(self.free_ours):
            if self.ours[at].in_period:
                self._knot(Kind.TDS if self.ours[at].what == "tds" else Kind.MISSING_MINE, [at], [])
