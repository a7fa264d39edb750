"""What a PDF costs beside other makers of PDFs: `manage.py bench_pdf [--rounds N] [--renders N] [--worst]`."""

import argparse
import base64
import datetime as dt
import gc
import io
import json
import logging
import os
import resource
import statistics as medians
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.india import today
from accounts.models import Business, Party
from accounts.money import grouped
from ledger import drafting, paper, papers, pdf, posting, statement_paper, tasks
from ledger.drafting import Draft, DraftLine
from ledger.management.commands import bench_ledger
from ledger.models import Invoice, Paper
from ledger.statements import Period

logger = logging.getLogger(__name__)
MOST_GROWTH_MIB, MOST_PEAK_MIB = 20.0, 250.0
MIB = 1024 * 1024
PERIOD = Period(today() - dt.timedelta(days=366 * 6), today())
HARDEST = "aकతਪàଡம" * 28  # each letter from another font
NOTO = Path("/usr/share/fonts/truetype/noto")


class Command(BaseCommand):
    help = (
        "Measure warm renders of invoices and statements beside WeasyPrint on an empty page, and beside typst and fpdf2 "
        "drawing the same text and codes, all in turns in one run. Prints medians of processor time and ratios, the peak of "
        "the longer statement as a background job of a process of its own, and the memory over many renders. Needs "
        "requirements-dev.txt. It fills an empty scratch database of the configured engine and removes it again; the real "
        "book is not touched. The limits are held against typst.compile as its manual calls it, which looks for its fonts "
        'each time; "+fonts" is typst with its fonts read before. Typst remembers what it has laid out, so each of its '
        "papers has texts it has not seen. Exits 1 when a ratio to typst is above its limit (8 for the invoice of 5 lines, "
        "10 for the shorter statement), the job's peak above 250 MiB, or the memory grows by more than 20 MiB."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=15, help="times each invoice is drawn (default 15)")
        parser.add_argument("--renders", type=int, default=500, help="renders between two looks at memory; 0: none")
        parser.add_argument("--lines", type=int, nargs="*", default=[5, 25], help="lines of invoices (default 5 25)")
        parser.add_argument("--rows", type=int, nargs="*", default=[500, 5000], help="rows of statements (500 5000)")
        parser.add_argument("--style", choices=Business.PaperStyle.values, default="classic", help="of the invoices")
        parser.add_argument("--no-limits", action="store_true", help="only print")
        parser.add_argument("--worst", action="store_true", help="also the hardest invoice that is drawn at all")
        parser.add_argument(
            "--here", action="store_true", help="fill the configured database; it must hold no business"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["here"]:
            if Business.objects.exists():
                raise CommandError("This database holds a business: leave --here out.")
            return self._bench(options)
        with bench_ledger.scratch_database():
            return self._bench(options)

    def _bench(self, options: dict[str, Any]) -> None:
        too_slow = []
        shop = bench_ledger.fill(min(options["rows"]), max(options["rows"])) if options["rows"] else None
        # First, while the process is as small as the site's: typst keeps a gigabyte of what it has laid out.
        if shop:
            too_slow += self._job(shop.large, max(options["rows"]))
        if options["renders"]:
            too_slow += self._memory(options["renders"])
        others = Others()
        self.stdout.write(
            f"{'ms of processor time':<24}{'ours':>9}{'empty':>9}{'typst':>9}{'+fonts':>9}{'fpdf2':>9}   ours is so many times each"
        )
        for case in cases(options, shop):
            result = measure(case, others, options["rounds"])
            self.stdout.write(str(result))
            if case.limit and result.ours > case.limit * result.typst:
                too_slow.append(f"{case.name}: {result.ours / result.typst:.1f} times typst, limit {case.limit:g}")
        if options["worst"]:
            self._worst()
        if too_slow and not options["no_limits"]:
            raise CommandError("; ".join(too_slow))

    def _job(self, party: Party, rows: int) -> list[str]:
        """The longer statement as the background makes it, in a process of its own."""
        Paper.objects.all().delete()
        seconds, peak = apart(
            lambda: tasks.make_statement(party.pk, str(PERIOD.start), str(PERIOD.end), party.language)
        )
        made = Paper.objects.get()
        assert made.content, "the job has drawn it"
        self.stdout.write(
            f"background job, {rows} rows: {seconds:.1f} s, peak {peak:.0f} MiB of its process, "
            f"{len(made.content) / MIB:.1f} MiB of PDF"
        )
        return [f"the job's peak was {peak:.0f} MiB, limit {MOST_PEAK_MIB:g}"] if peak > MOST_PEAK_MIB else []

    def _memory(self, renders: int) -> list[str]:
        invoice = an_invoice(5)
        for _ in range(20):
            papers.render_invoice(invoice, "en")
        gc.collect()
        before = resident_mib()
        seen = [f"{before:.0f} MiB"]
        for made in range(1, renders + 1):
            papers.render_invoice(invoice, "en")
            if made % max(renders // 5, 1) == 0:
                gc.collect()
                seen.append(f"{made}: {resident_mib():.0f}")
        self.stdout.write(f"memory over {renders} renders: {', '.join(seen)}")
        grown = resident_mib() - before
        return [f"the memory grew by {grown:.0f} MiB"] if grown > MOST_GROWTH_MIB else []

    def _worst(self) -> None:
        invoice = an_invoice(papers.MAX_LINES, HARDEST, notes="\n".join("n" * 500), hsn=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        try:
            ended = f"{len(papers.render_invoice(invoice, 'en')) / MIB:.1f} MiB of PDF"
        except papers.TooLong:
            ended = "refused"
        spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.stdout.write(
            f"worst, {papers.MAX_LINES} lines of 200 letters, each of another font than the last, drawn apart within "
            f"{pdf.SECONDS} s and {pdf.MEMORY / MIB:.0f} MiB: {spent:.1f} s, {ended}"
        )


@dataclass(frozen=True, slots=True)
class Content:
    """What a paper says, for makers that know nothing of our book. `code`: a PNG."""

    title: str
    head: list[str]
    columns: list[str]
    rows: list[list[str]]
    tail: list[str]
    code: bytes = b""


@dataclass(frozen=True, slots=True)
class Case:
    """A paper: how it is made anew, what it says, and how many times typst's time it may take (0: as it likes)."""

    name: str
    ours: Callable[[], bytes]
    content: Content
    limit: float = 0
    rounds: int = 0  # 0: as many as asked for


@dataclass(frozen=True, slots=True)
class Result:
    """Medians in seconds of processor time: what else the machine does makes no difference."""

    name: str
    ours: float
    empty: float
    typst: float
    typst_kept: float  # with its fonts read before
    fpdf2: float

    def __str__(self) -> str:
        figures = (self.ours, self.empty, self.typst, self.typst_kept, self.fpdf2)
        times = " ".join(f"{self.ours / other:6.1f}" for other in figures[1:])
        return f"{self.name:<24}" + "".join(f"{figure * 1000:9.1f}" for figure in figures) + f"   {times}"


def cases(options: dict[str, Any], shop: bench_ledger.Shop | None) -> Iterator[Case]:
    """Another paper to measure is another `yield`."""
    for lines in options["lines"]:
        invoice = an_invoice(lines, style=options["style"])
        limit = 8 if lines == 5 else 0
        yield Case(
            f"invoice, {lines} lines",
            lambda invoice=invoice: an_unseen(invoice),  # type: ignore[misc]
            says(invoice),
            limit,
        )
    if shop:
        small, large = min(options["rows"]), max(options["rows"])
        yield a_statement(shop.small, small, 10)
        if large > small:
            yield a_statement(shop.large, large, 0)


def measure(case: Case, others: "Others", rounds: int) -> Result:
    makers: list[Callable[[int], object]] = [
        lambda _turn: case.ours(),
        lambda _turn: pdf.draw("<html lang='en'><head><title>Empty</title></head><body/></html>"),
        lambda turn: others.typst(unseen(case.content, 2 * turn)),
        lambda turn: others.typst(unseen(case.content, 2 * turn + 1), keeps_fonts=True),
        lambda _turn: others.fpdf2(case.content),
    ]
    if case.rounds != 1:
        for maker in makers:
            maker(-1)
    seconds: list[list[float]] = [[] for _ in makers]
    for turn in range(case.rounds or rounds):
        for maker, spent in zip(makers, seconds, strict=True):
            started = time.process_time()
            maker(turn)
            spent.append(time.process_time() - started)
    return Result(case.name, *(medians.median(spent) for spent in seconds))


def unseen(content: Content, mark: int) -> Content:
    """With texts that were in no paper before: typst lays out no cell twice."""
    return replace(
        content,
        title=f"{content.title} {mark}",
        head=[f"{text} {mark}" for text in content.head],
        rows=[[text and f"{text} {mark}" for text in row] for row in content.rows],
        tail=[f"{text} {mark}" for text in content.tail],
    )


def apart(work: Callable[[], object]) -> tuple[float, float]:
    """(seconds of processor time, peak in MiB) of `work` done in a copy of this process."""
    connection.close()
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except Exception:
            logger.exception("the background job failed")
        finally:
            os._exit(code)
    _child, status, used = os.wait4(child, 0)
    if status:
        raise CommandError("the background job failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


# --- our papers -------------------------------------------------------------------------------------------------


def a_party() -> Party:
    business, _new = Business.objects.get_or_create(
        slug="bench-paper",
        defaults={
            "name": "Ram Kirana Wholesale",
            "scheme": "regular",
            "gstin": "27AAPFU0939F1ZV",
            "address": "14 Market Yard",
            "city": "Pune",
            "state_code": "27",
            "upi_id": "ram@okaxis",
            "bank_account": "50100234567890",
            "bank_ifsc": "HDFC0001234",
            "terms": "Goods once sold are not taken back.",
        },
    )
    party, _new = Party.objects.get_or_create(
        business=business, name="Shree Ganesh Stores", defaults={"city": "Pune", "state_code": "27"}
    )
    return party


def an_invoice(lines: int, text: str = "", *, style: str = "classic", notes: str = "", hsn: bool = False) -> Invoice:
    party = a_party()
    party.business.paper_style = style
    rates = (0, 500, 1800, 4000, 300)
    wanted = [
        DraftLine(
            text or f"Surf Excel {n} kg",
            quantity_milli=(n % 9 + 1) * 1000,
            unit_price_e4=(11_949 + n * 37) * 100,
            gst_rate_bp=rates[n % 5],
            hsn=str(100_000 + n) if hsn else str(3400 + n % 5),
        )
        for n in range(lines)
    ]
    draft = Draft(party=party, issued_on=today(), due_on=today() + dt.timedelta(days=15), lines=wanted, notes=notes)
    issued = posting.issue(drafting.save(party.business, draft, None), None)
    found = Invoice.objects.select_related("business", "party", "open_item").get(pk=issued.pk)
    found.business.paper_style = style
    return found


def an_unseen(invoice: Invoice) -> bytes:
    """Drawn as the first of its kind: its codes are kept of no paper before."""
    pdf.code.cache_clear()
    return papers.render_invoice(invoice, "en")


def says(invoice: Invoice) -> Content:
    context = paper.context_of(invoice)
    pay = paper.ways_to_pay(invoice.business, invoice.due_paise, number=invoice.number)
    seller, buyer = context["seller"], context["buyer"]
    head = [seller.name, seller.address, seller.gstin, buyer.name, buyer.address, buyer.state]
    head += [invoice.number, str(invoice.issued_on), str(invoice.due_on), context["place"]]
    names = ("position", "description", "hsn", "quantity", "price", "taxable", "rate", "tax", "total")
    rows = [[str(getattr(line, name)) for name in names] for line in context["lines"]]
    tail = [f"{label} {sum_}" for label, sum_ in context["tax_rows"]] + [context["words"], context["terms"]]
    tail += [" ".join((r.hsn, r.rate, r.quantity, r.taxable, r.cgst, r.sgst, r.tax)) for r in context["hsn_rows"]]
    tail += [f"{label} {value}" for label, value in pay.bank] if pay else []
    code = base64.b64decode(pdf.code(pay.upi_uri).partition(",")[2]) if pay else b""
    return Content(context["title"], [text for text in head if text], list(names), rows, tail, code)


def a_statement(party: Party, rows: int, limit: float) -> Case:
    """Always made anew: what was kept of it is thrown away first."""

    def ours() -> bytes:
        Paper.objects.filter(business_id=party.business_id).delete()
        return statement_paper.of(party, PERIOD, "en")

    shown = [
        [str(today()), f"Invoice INV/26-27/{n:05d}", f"{grouped(n * 137)}.00", "", f"{grouped(n * 900)}.00"]
        for n in range(rows)
    ]
    content = Content("Statement", [party.name], ["Date", "What", "Debit", "Credit", "Balance"], shown, ["Closing"])
    return Case(f"statement, {rows} rows", ours, content, limit, rounds=3 if rows <= 1000 else 1)


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MIB


# --- the others -------------------------------------------------------------------------------------------------

TYPST = b"""
#let data = json("data.json")
#set document(title: data.title)
#set page(paper: "a4", margin: 13mm, footer: context [#data.title #h(1fr) Page #counter(page).display() of #counter(page).final().first()])
#set text(font: "Noto Sans", size: 9pt)
= #data.title
#grid(columns: (1fr, 1fr), row-gutter: 2mm, ..data.head.map(it => [#it]))
#table(columns: data.columns.len(), stroke: 0.2mm, table.header(..data.columns.map(it => [*#it*])), ..data.rows.flatten().map(it => [#it]))
#for it in data.tail [#it \\ ]
#if data.code != "" { image("code.png", width: 26mm) }
"""


class Others:
    """typst and fpdf2."""

    def __init__(self) -> None:
        try:
            self._typst, self._fpdf = import_module("typst"), import_module("fpdf")
        except ImportError as error:
            raise CommandError(f"{error}: install requirements-dev.txt") from error
        self._fonts = self._typst.Fonts()
        logging.getLogger("fpdf.output").setLevel(logging.ERROR)  # it warns of each letter its one font has not

    def typst(self, content: Content, *, keeps_fonts: bool = False) -> bytes:
        """typst.compile as its README calls it; `keeps_fonts` spares it the look for fonts."""
        said = {"title": content.title, "head": content.head, "columns": content.columns, "rows": content.rows}
        said |= {"tail": content.tail, "code": "code.png" if content.code else ""}
        fonts = {"font_paths": self._fonts} if keeps_fonts else {}
        with tempfile.TemporaryDirectory(prefix="sharedledger-bench-") as folder:
            (Path(folder) / "data.json").write_text(json.dumps(said), encoding="utf-8")
            (Path(folder) / "paper.typ").write_bytes(TYPST)
            (Path(folder) / "code.png").write_bytes(content.code)
            made: bytes = self._typst.compile(str(Path(folder) / "paper.typ"), root=folder, **fonts)
        return made

    def fpdf2(self, content: Content) -> bytes:
        page = self._fpdf.FPDF(format="A4")
        page.add_font("noto", "", NOTO / "NotoSans-Regular.ttf")
        page.add_font("noto", "B", NOTO / "NotoSans-Bold.ttf")
        page.add_page()
        page.set_font("noto", size=9)
        for text in (content.title, *content.head):
            page.cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
        width = page.epw / len(content.columns)  # its own tables take four times as long
        for texts in (content.columns, *content.rows):
            for text in texts:
                page.cell(width, 5, text, border=1)
            page.ln()
        for text in content.tail:
            page.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
        if content.code:
            page.image(io.BytesIO(content.code), w=26)
        return bytes(page.output())
