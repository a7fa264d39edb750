"""A wholesaler's own register, from the file to the customer's phone: imported, shared, opened, read to the paisa.

What the pages must show is worked out here from the rows of the file alone, in Decimal, without a line of the import.
"""

import csv
import gzip
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import drainer
from accounts.models import Business, Party
from tests import factories, gateways

pytestmark = pytest.mark.django_db


# --- The file, read by hand ---------------------------------------------------------------------------------


@dataclass
class Paper:
    """All rows of one InvoiceNo, as the file has them."""

    number: str
    on: str
    customer: str
    total: Decimal = Decimal(0)
    descriptions: list[str] = field(default_factory=list)


def papers_of(path: Path) -> dict[str, list[Paper]]:
    """CustomerID -> its documents in the order of a ledger: by date, then as they stand in the file."""
    papers: dict[str, Paper] = {}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            quantity, price = Decimal(row["Quantity"]), Decimal(row["UnitPrice"])
            is_credit = row["InvoiceNo"].startswith("C")
            if price < 0 or row["InvoiceNo"].startswith("A") or (quantity < 0 and not is_credit):
                continue
            number = row["InvoiceNo"]
            paper = papers.setdefault(number, Paper(number, row["InvoiceDate"][:10], row["CustomerID"]))
            paper.total += (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
            paper.descriptions.append(row["Description"].strip())
    by_customer: dict[str, list[Paper]] = {}
    for paper in sorted(papers.values(), key=lambda paper: paper.on):
        by_customer.setdefault(paper.customer, []).append(paper)
    return by_customer


# --- The pages, read by eye ---------------------------------------------------------------------------------


class Tables(HTMLParser):
    """Rows of a page's tables: each cell as its pieces of text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[tuple[str, list[list[str]]]] = []
        self._cell: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append((dict(attrs).get("class") or "", []))
        elif tag == "td":
            self._cell = []
            self.rows[-1][1].append(self._cell)

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None and data.strip():
            self._cell.append(data.strip())


def money(text: str) -> Decimal:
    """ "₹1,23,456.00 Dr" -> 123456.00; Cr and minus are negative, nothing is nothing."""
    digits = re.sub(r"[^0-9.]", "", text)
    sign = -1 if "Cr" in text or "−" in text else 1
    return sign * Decimal(digits or "0")


@dataclass(frozen=True)
class LedgerRow:
    title: str
    href: str
    change: Decimal
    balance: Decimal


def walk(client: Client, address: str) -> Iterator[str]:
    """The page and all that follow by "next"."""
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, address
        page = answer.content.decode()
        yield page
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        address = address.split("?", maxsplit=1)[0] + html.unescape(onward[1]) if onward else ""


def ledger_of(client: Client, party: Party) -> tuple[list[LedgerRow], int]:
    """All rows of "everything", and on how many pages."""
    rows: list[LedgerRow] = []
    pages = 0
    for page in walk(client, f"/portal/{party.public_id}/ledger/?period=all"):
        pages += 1
        carried = rows[-1].balance if rows else Decimal(0)
        for kind, cells in Tables(page).rows:
            if kind == "opening":
                assert money(cells[-1][0]) == carried
            elif len(cells) == 5 and cells[1] and cells[1][0].startswith(("Invoice", "Credit note")):
                change = money(cells[2][0]) if cells[2] else -money(cells[3][0])
                rows.append(LedgerRow(cells[1][0], "", change, money(cells[-1][0])))
    closing = next(cells for _kind, cells in Tables(page).rows if cells[1:2] == [["Closing balance"]])
    assert money(closing[-1][0]) == (rows[-1].balance if rows else 0)
    return rows, pages


# --- The road -----------------------------------------------------------------------------------------------


@pytest.fixture
def shop(settings: Any) -> Business:
    settings.MESSAGE_GATEWAYS = gateways.EVERYWHERE
    gateways.Recording.sent.clear()
    gateways.Recording.faults.clear()
    return factories.make_business("The wholesaler", factories.make_user(name="Owner"))


def newest(channel: str, to: str) -> str:
    drainer.drain()
    return [text for by, whom, text in gateways.Recording.sent if (by, whom) == (channel, to)][-1]


def shared_link(shop: Business, party: Party, phone: str) -> str:
    """The merchant makes the portal link and sends it by WhatsApp; the path of the link in that message."""
    owner = factories.merchant_client(shop.memberships.get().user)
    address = f"/m/{shop.slug}/parties/{party.public_id}/share/"
    assert owner.post(address).status_code == 302
    key = re.search(r'name="form_key" value="([^"]+)"', owner.get(address).content.decode())
    assert key
    assert owner.post(address, {"channel": "whatsapp", "form_key": key[1]}).status_code == 302
    link = re.search(r"https?://[^/]+(/p/\w{33})", newest("whatsapp", phone))
    assert link
    return link[1]


def logged_in(shop: Business, party: Party) -> Client:
    """The customer on their own phone: link, number, code, welcome."""
    phone = str(party.people.get(is_main=True).phone)
    customer = Client()
    link = shared_link(shop, party, phone)
    assert customer.get(link).status_code == 200
    assert customer.post(link, {"phone": phone}).headers["Location"] == "/portal/code/"
    code = newest("sms", phone)[:6]
    welcome = customer.post("/portal/code/", {"code": code}).headers["Location"]
    assert welcome.startswith("/portal/welcome/")
    assert customer.post(welcome).headers["Location"] == f"/portal/{party.public_id}/"
    return customer


def assert_agrees(shop: Business, papers: list[Paper]) -> int:
    """Ledger, dashboard and invoice list of this customer against the file; gives the number of ledger pages."""
    party = shop.parties.get(reference=papers[0].customer)
    customer = logged_in(shop, party)
    rows, pages = ledger_of(customer, party)
    assert [row.change for row in rows] == [paper.total for paper in papers]
    running = Decimal(0)
    for row, paper in zip(rows, papers, strict=True):
        running += paper.total
        assert row.balance == running, paper.number
        assert row.title.startswith("Credit note" if paper.number.startswith("C") else "Invoice")
    front = customer.get(f"/portal/{party.public_id}/").content.decode()
    heading = re.search(r"<h1[^>]*>([^<]+)</h1>", front)
    assert heading
    assert money(heading[1]) == abs(running)
    listed = sum(
        len([row for row in Tables(page).rows if len(row[1]) == 5])
        for kind in ("", "?status=credit")
        for page in walk(customer, f"/portal/{party.public_id}/invoices/{kind}")
    )
    assert listed == len(papers)
    return pages


def assert_paper_agrees(shop: Business, paper: Paper) -> None:
    """One document as its customer reads it: every line and the total."""
    party = shop.parties.get(reference=paper.customer)
    invoice = shop.invoices.get(reference=paper.number)
    customer = factories.customer_client(party)
    page = customer.get(f"/portal/{party.public_id}/invoices/{invoice.public_id}/").content.decode()
    assert page.count('class="main">') == len(paper.descriptions)
    text = html.unescape(page)
    for description in paper.descriptions:
        assert description in text
    assert f"{abs(paper.total):,.2f}".split(",")[-1] in text
    assert money(re.findall(r'class="sum num">([^<]+)<', page)[-1]) == abs(paper.total)


# --- Registers ----------------------------------------------------------------------------------------------

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture
def small_register(tmp_path: Path) -> Path:
    """60 documents of one customer and 3 of another: four decimals, half paise, repeated and price-0 lines, returns."""
    rows = []
    for n in range(60):
        day = f"2026-{5 + n // 28:02}-{1 + n % 28:02} 10:{n:02}"
        if n % 9 == 8:
            rows += [f"C9{n:04},R1,Rice,-3,{day},10.555,70001,India", f"C9{n:04},G1,Ghee,-1,{day},0.005,70001,India"]
            continue
        rows += [
            f"80{n:04},R1,Rice,{n + 1},{day},10.555,70001,India",
            f"80{n:04},R1,Rice,{n + 1},{day},10.555,70001,India",
            f'80{n:04},G1,"Ghee, pure",7,{day},0.0715,70001,India',
            f"80{n:04},X1,Sample,1,{day},0,70001,India",
            f"81{n:04},R1,Lost,-{n + 1},{day},0,,India",
        ]
    rows += [f"82000{n},R1,Rice,1,2026-05-0{n + 1} 09:00,1.005,70002,India" for n in range(3)]
    path = tmp_path / "register.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def test_a_customer_reads_a_small_register_to_the_paisa(shop: Business, small_register: Path) -> None:
    call_command("import_sales", shop.slug, small_register, "--json")
    papers = papers_of(small_register)
    assert (len(papers["70001"]), len(papers["70002"])) == (60, 3)
    assert assert_agrees(shop, papers["70001"]) == 3
    assert assert_agrees(shop, papers["70002"]) == 1
    assert_paper_agrees(shop, papers["70001"][0])


def assert_the_largest_customers_read_their_ledger_to_the_paisa(shop: Business, register: Path) -> None:
    """Of the real register, imported already (tests/test_import_sales.py): the largest by turnover and by number of
    documents, and the longest document of all."""
    papers = papers_of(register)
    walk_in = papers.pop("")
    assert sum(map(len, papers.values())) + len(walk_in) == shop.invoices.count()
    largest = max(papers.values(), key=lambda own: sum(paper.total for paper in own))
    most = max(papers.values(), key=len)
    assert (largest[0].customer, len(largest)) == ("14646", 33)
    assert most[0].customer != largest[0].customer
    assert assert_agrees(shop, largest) == -(-len(largest) // 25)
    assert assert_agrees(shop, most) == -(-len(most) // 25)
    assert_paper_agrees(
        shop, max((paper for own in papers.values() for paper in own), key=lambda one: len(one.descriptions))
    )
