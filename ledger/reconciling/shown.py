"""What came out of a comparison in words: for the page, on both sides, and as a file."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.money import MINUS, amount, rupees, with_side
from ledger.models import Entry
from ledger.reconciling.kinds import Finding, Kind, Ours, Result, Theirs
from ledger.reports import Column, Row
from ledger.reports import Kind as ColumnKind

SHOWN_OF_A_KIND = 50

ABOUT = {
    Kind.MISSING_MINE: gettext_lazy("The shop has booked these, your file has not. Book them, or ask the shop."),
    Kind.MISSING_SHOP: gettext_lazy("Your file has these, the shop's book has not. Tell the shop what you have paid, and ask for bills you have."),
    Kind.AMOUNT: gettext_lazy("The same document with another amount."),
    Kind.TAX: gettext_lazy("The amounts differ by exactly a tax of the bill: it was booked without it, or with it twice."),
    Kind.DATE: gettext_lazy("The same row under another day. The balance is not touched by it."),
    Kind.REFERENCE: gettext_lazy("The same row, but its number is written differently. The balance is not touched by it."),
    Kind.TWICE: gettext_lazy("Your file has these once more than the shop: the same document booked again."),
    Kind.SPLIT: gettext_lazy("The same money in several rows. The balance is not touched by it."),
    Kind.SIDE: gettext_lazy("Booked as debit in one book and as credit in the other: twice the amount lies between them."),
    Kind.TDS: gettext_lazy("Tax deducted at source stands in one of the books only."),
    Kind.OTHERS: gettext_lazy("Numbered like bills of this shop, but none of yours. Look whose bill it is."),
    Kind.CANCELLED: gettext_lazy("The shop has cancelled these; your file still has them."),
    Kind.OPENING: gettext_lazy("The balance before the first day. Compare an earlier time to find out why."),
    Kind.STATED: gettext_lazy("The closing balance in your file is not what its rows add up to."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One finding; amounts as both sides write them, "" where a side has none. `ours` leads to the shop's document."""

    day: str
    title: str
    note: str
    theirs: str
    shops: str
    difference: str
    finding: Finding
    ask: str = ""
    ask_words: str = ""


@dataclass(slots=True)
class Group:
    """All of one kind; `lines` are the first of them, `more` how many there are besides."""

    kind: Kind
    title: str
    about: str
    count: int
    difference: str
    lines: list[Line] = field(default_factory=list)
    more: int = 0


def _day(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


def change(paise: int) -> str:
    """A difference with its sign: +₹10.00 when the shop's book has more."""
    return f"+{rupees(paise)}" if paise > 0 else rupees(paise) if paise else ""


def bridge(result: Result) -> list[tuple[str, str, str]]:
    """(what, how many, amount) from their closing balance to the shop's."""
    steps = [
        (str(step.kind.label), str(step.rows or ""), change(step.paise) or rupees(0))
        for step in result.steps
        if step.paise
    ]
    return [
        (_("Closing balance in your file"), "", with_side(result.their_paise)),
        *steps,
        (_("Closing balance in the shop's book"), "", with_side(result.our_paise)),
    ]


def groups(result: Result) -> list[Group]:
    """The kinds that were found, those that touch the balance first, in a fixed order."""
    found: dict[Kind, list[Finding]] = {}
    for finding in result.differences:
        found.setdefault(finding.kind, []).append(finding)
    made = []
    for kind, findings in found.items():
        lines = [line(finding) for finding in findings[:SHOWN_OF_A_KIND]]
        total = change(sum(finding.paise for finding in findings))
        about, title = str(ABOUT[kind]), str(kind.label)
        made.append(Group(kind, title, about, len(findings), total, lines, max(0, len(findings) - SHOWN_OF_A_KIND)))
    made += [
        Group(step.kind, str(step.kind.label), str(ABOUT[step.kind]), 1, change(step.paise))
        for step in result.steps
        if step.kind in (Kind.OPENING, Kind.STATED)
    ]
    order = list(Kind)
    return sorted(made, key=lambda group: (not group.difference, order.index(group.kind)))


def line(finding: Finding) -> Line:
    ours, theirs = finding.ours, finding.theirs
    first = (ours or theirs)[0]
    differ = bool(ours and theirs) and {row.on for row in ours} != {row.on for row in theirs}
    days = [_day(row.on) for row in ((theirs[0], ours[0]) if differ else (first,))]
    return Line(
        day=days[0]
        if len(days) == 1
        else _("%(mine)s in your file, %(shops)s at the shop") % {"mine": days[0], "shops": days[1]},
        title=name_of(ours[0])
        if ours
        else theirs[0].number or theirs[0].text[:60] or _("Row %(n)s") % {"n": theirs[0].line},
        note=_note(ours, theirs),
        theirs=side(theirs),
        shops=side(ours),
        difference=change(finding.paise),
        finding=finding,
    )


def name_of(row: Ours) -> str:
    """Kind and number of an entry of the shop's."""
    return f"{Entry.Kind(row.what).label} {row.number}".strip()


def _note(ours: tuple[Ours, ...], theirs: tuple[Theirs, ...]) -> str:
    parts = []
    if theirs:
        rows = ", ".join(str(row.line) for row in theirs)
        parts.append(
            (_("Rows %(rows)s of your file") if len(theirs) > 1 else _("Row %(rows)s of your file")) % {"rows": rows}
        )
        parts += [theirs[0].number, theirs[0].text[:60]] if ours else [theirs[0].text[:60] if theirs[0].number else ""]
    return " · ".join(dict.fromkeys(filter(None, parts)))


def side(rows: tuple[Ours, ...] | tuple[Theirs, ...]) -> str:
    """What the rows of one book come to: +₹ raises what the customer owes, −₹ lowers it."""
    return " ".join(f"+{rupees(row.paise)}" if row.paise > 0 else rupees(row.paise) for row in rows[:4])


def question(finding: Finding) -> tuple[str, str]:
    """(kind of query, words) to ask the shop about a finding, in the reader's language."""
    ours, theirs = finding.ours[0], finding.theirs
    about = "price" if finding.kind in (Kind.AMOUNT, Kind.TAX) else "other"
    words = f"{finding.kind.label}: {name_of(ours)}, {_day(ours.on)}, {amount(abs(ours.paise))}."
    for row in theirs[:4]:
        mine = _("In my book: %(number)s, %(date)s, %(amount)s.")
        words += " " + mine % {
            "number": row.number or row.text[:40] or "-",
            "date": _day(row.on),
            "amount": f"{'' if row.paise >= 0 else MINUS}{amount(abs(row.paise))}",
        }
    if not theirs:
        words += " " + _("My book does not have it.")
    return about, words[:1000]


# --- as a file ----------------------------------------------------------------------------------------------

COLUMNS = (
    Column(gettext_lazy("What")),
    Column(gettext_lazy("Row of my file"), ColumnKind.COUNT),
    Column(gettext_lazy("Date in my file"), ColumnKind.DATE),
    Column(gettext_lazy("Number in my file")),
    Column(gettext_lazy("Details in my file")),
    Column(gettext_lazy("Amount in my file"), ColumnKind.PAISE),
    Column(gettext_lazy("Date at the shop"), ColumnKind.DATE),
    Column(gettext_lazy("Number at the shop")),
    Column(gettext_lazy("Reference at the shop")),
    Column(gettext_lazy("Amount at the shop"), ColumnKind.PAISE),
    Column(gettext_lazy("Difference"), ColumnKind.PAISE),
)


def rows(result: Result) -> Iterator[Row]:
    """Every row of both books; the last column leads from the one closing balance to the other. Amounts as the shop signs."""
    yield _("Closing balance in your file"), *(None,) * 9, result.their_paise
    for step in result.steps:
        if step.kind in (Kind.OPENING, Kind.STATED):
            yield step.kind.label, *(None,) * 9, step.paise
    for finding in result.findings:
        for place in range(max(len(finding.ours), len(finding.theirs))):
            mine = finding.theirs[place] if place < len(finding.theirs) else None
            other = finding.ours[place] if place < len(finding.ours) else None
            yield (
                finding.kind.label,
                *((mine.line, mine.on, mine.number, mine.text, mine.paise) if mine else (None,) * 5),
                *((other.on, other.number, other.reference, other.paise) if other else (None,) * 4),
                finding.paise if place == 0 else 0,
            )
    yield _("Closing balance in the shop's book"), *(None,) * 9, result.our_paise
