"""What a person uploaded and what came out, kept for them for half a year; the only writer of Comparison.

A row belongs to the person who uploaded it: nobody else of the party sees it, and the shop only what was shown to it.
"""

import datetime as dt
import json
import zlib
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import activity, notices
from accounts.models import Business, Notice, Party, User
from ledger.models import Comparison
from ledger.posting.book import lock_party
from ledger.reconciling import book, columns, guessing, matching, reading
from ledger.reconciling.columns import Mapping
from ledger.reconciling.kinds import Finding, Kind, Ours, Result, Step, Theirs
from ledger.statements import Period

KEPT_DAYS = 180
MOST_KEPT = 20  # of one person at one party
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_YEARS = 6


class ComparisonRefused(Exception):
    """This cannot be compared; the message is for people. `field` is the form's field it belongs to, if any.

    `unread`: the rows that cannot be read, to be mended or left out.
    """

    def __init__(self, words: str, field: str | None = None, unread: columns.Book | None = None) -> None:
        super().__init__(words)
        self.field = field
        self.unread = unread


# --- changing -----------------------------------------------------------------------------------------------


@transaction.atomic
def upload(party: Party, by: User, name: str, data: bytes) -> Comparison:
    """Keep a file with a guess of its columns. Raises ComparisonRefused for what is no ledger."""
    try:
        table = reading.read(data)
    except reading.FileRefused as refused:
        raise ComparisonRefused(str(refused), "file") from refused
    party = lock_party(party.business_id, party.pk)
    if of_person(party, by).count() >= MOST_KEPT:
        raise ComparisonRefused(_("You keep 20 comparisons already. Delete one of them first."))
    return Comparison.objects.create(
        business=party.business,
        party=party,
        uploaded_by=by,
        name=_short(name),
        rows=len(table),
        table=_packed(table),
        mapping=_guess(party, table).as_dict(),
    )


def _short(name: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in name.replace("\\", "/").rsplit("/", 1)[-1])
    return clean.strip()[-100:] or "ledger"


def _guess(party: Party, table: reading.Table) -> Mapping:
    """The columns; on which side the bills stand is told by the shop's own rows of those days."""
    first = guessing.guess(table)
    try:
        days = columns.entries(table, first).days
        return guessing.guess(table, book.side_of(party, _period(days)).rows) if days else first
    except (columns.ColumnsRefused, ComparisonRefused, book.TooMany):
        return first


def _period(days: tuple[dt.date, dt.date]) -> Period:
    if days[1] - days[0] > dt.timedelta(days=366 * _MOST_YEARS):
        raise ComparisonRefused(_("The days of this file lie more than six years apart. Look at the dates."), "date")
    return Period(*days)


def compare(
    comparison: Comparison, by: User, mapping: Mapping, *, period: Period | None = None, leaves_out: bool = False
) -> Comparison:
    """Compare with the book as it stands now; what came out before is replaced, and hidden from the shop again.

    `period` are other days than those of the file's rows. Raises ComparisonRefused, with the rows that cannot be read
    unless the person `leaves_out` such rows.
    """
    table = table_of(comparison)
    try:
        theirs = columns.entries(table, mapping)
    except columns.ColumnsRefused as refused:
        raise ComparisonRefused(str(refused), refused.field) from refused
    if theirs.problems and not leaves_out:
        raise ComparisonRefused(_("Some rows cannot be read."), unread=theirs)
    if theirs.days is None:
        raise ComparisonRefused(_("There is no row with a date and an amount in these columns."), "date")
    period = period or _period(theirs.days)
    if not (period.start <= theirs.days[0] and theirs.days[1] <= period.end):
        raise ComparisonRefused(_("Your file has rows outside these days. Choose the days of the whole file."), "start")
    try:
        ours = book.side_of(comparison.party, _period((period.start, period.end)))
    except book.TooMany as refused:
        raise ComparisonRefused(str(refused)) from refused
    result = matching.compare(
        ours.rows,
        theirs.rows,
        our_opening=ours.opening_paise,
        their_opening=theirs.opening,
        stated_closing=theirs.closing,
        cancelled=ours.cancelled,
    )
    return _keep(comparison, by, mapping, period, result, says_opening=theirs.opening is not None)


@transaction.atomic
def _keep(
    comparison: Comparison, by: User, mapping: Mapping, period: Period, result: Result, *, says_opening: bool
) -> Comparison:
    locked = _locked(comparison)
    locked.mapping = mapping.as_dict()
    locked.compared_at, locked.shared_at = timezone.now(), None
    locked.start_on, locked.end_on = period.start, period.end
    locked.their_paise, locked.our_paise = result.their_paise, result.our_paise
    locked.differences = len(result.differences) + sum(
        step.kind in (Kind.OPENING, Kind.STATED) for step in result.steps
    )
    locked.result = _packed(_as_json(result) | {"says_opening": says_opening})
    locked.save()
    return locked


def _locked(comparison: Comparison) -> Comparison:
    """As it stands now; Comparison.DoesNotExist when it was deleted meanwhile, by hand or with all that is erased."""
    return Comparison.objects.select_for_update().get(business_id=comparison.business_id, pk=comparison.pk)


@transaction.atomic
def show_to_shop(comparison: Comparison, by: User, *, shown: bool) -> Comparison:
    """Let the shop see the result, or hide it again. Twice is as good as once."""
    locked = _locked(comparison)
    if locked.compared_at is None:
        raise ComparisonRefused(_("Compare first; then you can show the result."))
    if shown != (locked.shared_at is not None):
        locked.shared_at = timezone.now() if shown else None
        locked.save(update_fields=["shared_at"])
        verb = "comparison_shown" if shown else "comparison_hidden"
        activity.record(locked.business, by, verb, ("party", str(locked.party_id)))
        if shown:  # again only when it was compared anew
            subject = f"{locked.pk}.{locked.compared_at:%Y%m%d%H%M%S}"
            notices.tell(locked.party, Notice.Kind.COMPARISON, subject, ref=locked.public_id)
    return locked


def delete(comparison: Comparison) -> None:
    Comparison.objects.filter(business_id=comparison.business_id, pk=comparison.pk).delete()


def forget_old() -> int:
    old = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    gone, _each = Comparison.objects.filter(uploaded_at__lt=old).delete()
    return gone


# --- reading ------------------------------------------------------------------------------------------------

_BULKY = ("table", "result")


def of_person(party: Party, person: User) -> QuerySet[Comparison]:
    """What this person keeps about this party, newest first."""
    return Comparison.objects.filter(business_id=party.business_id, party=party, uploaded_by=person).order_by("-pk")


def shown_to(business: Business) -> QuerySet[Comparison]:
    """What customers show to this shop, newest first."""
    return Comparison.objects.filter(business=business, shared_at__isnull=False).order_by("-shared_at", "-pk")


def listed(found: QuerySet[Comparison]) -> QuerySet[Comparison]:
    """Without the files, for lists."""
    return found.defer(*_BULKY)


def table_of(comparison: Comparison) -> reading.Table:
    table: reading.Table = _unpacked(comparison.table)
    return table


def mapping_of(comparison: Comparison) -> Mapping:
    return Mapping(**comparison.mapping)


def result_of(comparison: Comparison) -> Result:
    """What came out, as it was; of one that has been compared."""
    return _from_json(_unpacked(comparison.result))


def says_opening(comparison: Comparison) -> bool:
    said: bool = _unpacked(comparison.result)["says_opening"]
    return said


# --- the form it is kept in ---------------------------------------------------------------------------------


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _unpacked(data: Any) -> Any:
    return json.loads(zlib.decompressobj().decompress(bytes(data), _MOST_UNPACKED))


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "findings": [
            [
                finding.kind.value,
                [[r.key, r.what, r.number, r.reference, r.on.isoformat(), r.paise, r.in_period] for r in finding.ours],
                [[r.line, r.on.isoformat(), r.number, r.text, r.paise] for r in finding.theirs],
                finding.also_date,
            ]
            for finding in result.findings
        ],
        "their_paise": result.their_paise,
        "our_paise": result.our_paise,
        "steps": [[step.kind.value, step.rows, step.paise] for step in result.steps],
    }


def _from_json(kept: dict[str, Any]) -> Result:
    day = dt.date.fromisoformat
    findings = [
        Finding(
            Kind(kind),
            tuple(Ours(r[0], r[1], r[2], r[3], day(r[4]), r[5], in_period=r[6]) for r in ours),
            tuple(Theirs(r[0], day(r[1]), r[2], r[3], r[4]) for r in theirs),
            also,
        )
        for kind, ours, theirs, also in kept["findings"]
    ]
    steps = [Step(Kind(kind), rows, paise) for kind, rows, paise in kept["steps"]]
    return Result(findings, kept["their_paise"], kept["our_paise"], steps)
