"""Links to receipts and statements: one paper for whoever holds the link, sent and ended like an invoice's."""

import datetime as dt
import io
import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pypdf import PdfReader

from accounts import limits, parties
from accounts.idempotency import new_key
from accounts.logs import scrub
from accounts.models import Message
from accounts.money import rupees
from ledger import links, posting, sharing, statements
from ledger.models import LinkOpen, ShareLink
from ledger.statements import Period
from portal.views.papers import HOUR, MOST_FILES_AN_HOUR
from tests import factories as make

pytestmark = pytest.mark.django_db

APRIL = Period(dt.date(2026, 4, 1), dt.date(2026, 4, 30))


@pytest.fixture
def shop():
    return make.make_business("Ram Kirana", make.make_user(), slug="ram", upi_id="ram@okaxis", city="Pune")


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "Shree Ganesh", email="shop@example.in")


@pytest.fixture
def payment(party):
    make.make_invoice(party, paise=1000_00, on=dt.date(2026, 3, 20))
    make.make_invoice(party, paise=500_00, on=dt.date(2026, 4, 20))
    return make.make_payment(party, 400_00, on=dt.date(2026, 4, 25), mode="upi", reference="UTR0042")


def receipt(payment, tail=""):
    return links.path(links.for_receipt(payment, None)) + tail


def statement(party, tail="", period=APRIL):
    return links.path(links.for_statement(party, period, None)) + tail


def pdf_text(content):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_the_receipt_link_shows_the_receipt_and_nothing_of_the_balance(payment, party):
    other = make.make_payment(party, 77_00)
    for text in (
        Client().get(receipt(payment)).content.decode(),
        pdf_text(Client().get(receipt(payment, "/pdf")).content),
    ):
        assert payment.number in text
        assert "₹400.00" in text
        assert "Four hundred rupees only" in text
        for private in (other.number, "₹1,023.00", "₹1,100.00", party.public_id, "upi://"):
            assert private not in text


def test_the_statement_link_shows_its_days_with_the_ledgers_figures_as_of_now(payment, party):
    where = statement(party)
    book = statements.page(party, APRIL)
    for text in (Client().get(where).content.decode(), pdf_text(Client().get(f"{where}/pdf").content)):
        assert rupees(book.closing_paise) in text
        assert "As of" in text
        assert "UTR0042" in text
    assert "am=1100.00" in Client().get(where).content.decode()
    posting.cancel_payment(payment, make.make_user(), "bounced")
    text = Client().get(where).content.decode()
    assert "Cancelled: Payment" in text
    assert "am=1500.00" in text


def test_nothing_of_other_days_stands_in_it_but_what_is_open(party):
    make.make_invoice(party, paise=10_00, on=APRIL.start)
    later = make.make_invoice(party, paise=20_00, on=dt.date(2026, 5, 1))
    text = Client().get(statement(party)).content.decode()
    assert later.number not in text
    assert "₹30.00" in text


def test_a_period_asked_for_in_the_address_is_not_believed(party):
    make.make_invoice(party, paise=10_00, on=APRIL.start)
    later = make.make_invoice(party, paise=20_00, on=dt.date(2026, 5, 1))
    text = (
        Client().get(f"{statement(party)}?start=2026-05-01&end=2026-05-31&period=all&after=20260430-1").content.decode()
    )
    assert later.number not in text


def test_a_token_of_one_kind_opens_no_door_of_another(payment, party):
    invoice = party.invoices.first()
    made = [
        links.for_invoice(invoice, None),
        links.for_party(party, None),
        links.for_receipt(payment, None),
        links.for_statement(party, APRIL, None),
    ]
    for at, link in enumerate(made):
        for place, letter in enumerate("iprs"):
            answer = Client().get(f"/{letter}/{links.token(link)}")
            assert answer.status_code == (200 if at == place else 404)


TAILS = [
    ("get", ""),
    ("get", "/pdf"),
    ("get", "/logo"),
    ("get", "/login"),
    ("post", "/login"),
    ("post", "/opened"),
    ("post", "/saved"),
]


def ended_by_time(link, party):
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())


def ended_by_revoking(link, party):
    links.revoke(link, make.make_user())


def ended_by_stopping(link, party):
    parties.set_shared(party, False, make.make_user())


def ended_by_a_new_number(link, party):
    parties.set_main_number(party, make.new_phone(), "", None)


@pytest.mark.parametrize("end", [ended_by_time, ended_by_revoking, ended_by_stopping, ended_by_a_new_number])
def test_an_ended_link_is_410_at_every_address_of_it(payment, party, end):
    made = [links.for_receipt(payment, None), links.for_statement(party, APRIL, None)]
    for link in made:
        end(link, party)
    for link, tails in ((made[0], TAILS), (made[1], [*TAILS, ("get", "/csv"), ("get", "/xlsx")])):
        for method, tail in tails:
            answer = getattr(Client(), method)(links.path(link) + tail)
            assert answer.status_code == 410, tail
            assert "400.00" not in answer.content.decode()
    assert not LinkOpen.objects.exists()


def test_a_tampered_link_is_404_at_every_address_of_it(payment, party):
    for path in (receipt(payment), statement(party)):
        wrong = path[:-1] + ("x" if path[-1] != "x" else "y")
        for method, tail in [*TAILS, ("get", "/csv")]:
            assert getattr(Client(), method)(wrong + tail).status_code == 404


def test_looking_writes_nothing_and_sets_no_cookie(payment, party):
    for path in (receipt(payment), statement(party)):
        with CaptureQueriesContext(connection) as queries:
            answer = Client(headers={"user-agent": "WhatsApp/2.23.20.0 A"}).get(path)
        assert make.changes(queries) == []
        assert dict(answer.cookies) == {}
        assert "<form" not in answer.content.decode()
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert not Session.objects.exists()


def test_previews_get_general_words_only(payment, party):
    for path in (receipt(payment), statement(party)):
        head = Client().get(path).content.decode().split("</head>")[0]
        assert 'property="og:title"' in head
        for private in ("Shree", "Ram Kirana", payment.number, "400", "Pune"):
            assert private not in head


def test_a_persons_open_is_counted_and_the_shops_own_is_not(payment, party, shop):
    for path in (receipt(payment, "/opened"), statement(party, "/saved")):
        assert Client().get(path).status_code == 405
        assert Client(enforce_csrf_checks=True).post(path).status_code == 204
        assert make.merchant_client(shop.memberships.get().user).post(path).status_code == 204
    assert LinkOpen.objects.count() == 2


@pytest.mark.parametrize("bills", [1, 3])
def test_the_pages_cost_as_many_queries_with_one_row_as_with_three(party, bills):
    for _ in range(bills):
        make.make_invoice(party, paise=10_00, on=APRIL.start)
    payment = make.make_payment(party, bills * 10_00, on=APRIL.end)
    for path, cost in ((receipt(payment), 3), (statement(party), 6)):
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(path).status_code == 200
        assert len(queries) == cost, path


def test_whoever_logs_in_from_a_paper_comes_to_that_paper(payment, party):
    browser = make.customer_client(party)
    assert browser.get(receipt(payment, "/login"))["Location"] == (
        f"/portal/{party.public_id}/payments/{payment.public_id}/"
    )
    assert browser.get(statement(party, "/login"))["Location"] == (
        f"/portal/{party.public_id}/ledger/?start=2026-04-01&end=2026-04-30"
    )


def test_no_log_keeps_a_token(payment, party):
    for path in (receipt(payment, "/pdf"), statement(party, "/csv")):
        assert path.split("/")[2] not in scrub(f"GET {path} 200")


# --- sharing ------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(shop):
    return make.merchant_client(shop.memberships.get().user)


def share_urls(payment, party):
    return (
        f"/m/ram/payments/{payment.public_id}/receipt/share/",
        f"/m/ram/reports/statement/{party.public_id}/share/?start=2026-04-01&end=2026-04-30",
    )


def test_both_are_shared_by_the_same_dialog_and_twice_gives_the_same_link(owner, payment, party):
    for where, kind in zip(share_urls(payment, party), ("receipt", "statement"), strict=True):
        assert owner.get(where).context["panel"] is None
        assert owner.post(where)["Location"] == where
        owner.post(where)
        link = ShareLink.objects.get(kind=kind)
        panel = owner.get(where).context["panel"]
        assert panel.url == links.url(link)
        assert panel.text.endswith(links.url(link))
        assert link.expires_at is not None
    assert ShareLink.objects.get(kind="statement").starts_on == APRIL.start
    assert ShareLink.objects.get(kind="statement").ends_on == APRIL.end


def test_other_days_are_another_link(owner, payment, party):
    owner.post(share_urls(payment, party)[1])
    owner.post(f"/m/ram/reports/statement/{party.public_id}/share/?start=2026-04-01&end=2026-04-29")
    assert ShareLink.objects.filter(kind="statement").count() == 2


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "email"])
def test_each_channel_has_its_registered_words(owner, payment, party, settings, channel):
    settings.SITE_URL = settings.LINK_URL = "https://ledger.example.in"
    for where, kind in zip(share_urls(payment, party), ("receipt_share", "statement_share"), strict=True):
        owner.post(where, {"channel": channel, "form_key": new_key()})
        message = Message.objects.get(kind=kind)
        link = ShareLink.objects.get(pk=message.subject_id)
        with translation.override("en"):
            text = sharing.text_of(link, message)
        assert links.url(link) in text.body
        assert "Ram Kirana" in text.body
        if channel == "sms":
            assert len(text.body) <= 160
            assert text.body.isascii()
        if channel == "email":
            assert text.subject


def test_a_message_for_money_paid_back_says_so(owner, party):
    make.make_payment(party, 100_00)
    back = make.make_payment(party, 40_00, direction="paid")
    message = Message(kind="receipt_share", channel="sms", to="x")
    text = sharing.text_of(links.for_receipt(back, None), message)
    assert (text.template, "we paid Rs. 40.00 back to you" in text.body) == ("refund_share", True)


def test_the_cockpit_names_them_and_revoking_leads_back(owner, payment, party):
    for where in share_urls(payment, party):
        owner.post(where)
    rows = owner.get(f"/m/ram/parties/{party.public_id}/").context["links"]
    assert [row.title for row in rows] == ["Statement: 1 Apr 2026 – 30 Apr 2026", f"Receipt {payment.number}"]
    assert owner.post(rows[1].revoke)["Location"] == f"/m/ram/payments/{payment.public_id}/"
    assert owner.post(rows[0].revoke)["Location"] == f"/m/ram/parties/{party.public_id}/"
    assert ShareLink.objects.live().count() == 0


def test_nothing_is_shared_while_sharing_is_stopped(owner, payment, party):
    parties.set_shared(party, False, make.make_user())
    for where in share_urls(payment, party):
        assert owner.post(where).status_code == 400
    assert not ShareLink.objects.exists()


def test_logo_and_colour_of_the_shop_stand_behind_the_links_and_nobody_elses(payment, party, shop):
    make.give_look(shop)
    for path in (receipt(payment), statement(party)):
        page = Client().get(path).content.decode()
        assert re.search(rf'<img class="logo" src="{path}/logo\?v=\w{{8}}" alt="">', page)
        assert re.search(r'<link rel="stylesheet" href="/theme/', page)
        picture = Client().get(f"{path}/logo")
        assert bytes(shop.logo.data) == picture.content
        assert picture["Cache-Control"].startswith("private")
    type(shop).objects.filter(pk=shop.pk).update(logo=None)
    assert Client().get(statement(party, "/logo")).status_code == 404


def test_i_have_paid_is_offered_behind_a_statement_on_which_something_is_due(payment, party):
    page = Client().get(statement(party)).content.decode()
    assert f'href="{statement(party, "/login")}?then=paid">I have paid</a>' in page
    to = make.customer_client(party).get(f"{statement(party, '/login')}?then=paid")["Location"]
    assert to == f"/portal/{party.public_id}/paid/?amount=1100.00"
    make.make_payment(party, 1100_00)
    assert "I have paid" not in Client().get(statement(party)).content.decode()


def test_i_have_paid_is_offered_where_the_shop_has_given_no_account(payment, party, shop):
    type(shop).objects.filter(pk=shop.pk).update(upi_id="")
    page = Client().get(statement(party)).content.decode()
    assert "How to pay" not in page
    assert "?then=paid" in page


def test_opens_and_saves_stand_on_the_payments_page_and_the_partys(payment, party, shop):
    boss = make.merchant_client(shop.memberships.get().user)
    for path in (receipt(payment), statement(party)):
        for tail in ("/opened", "/saved"):
            Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130.0"}).post(path + tail)
        Client(headers={"user-agent": "WhatsApp/2.23.20.0 A"}).get(path)
    page = boss.get(f"/m/ram/payments/{payment.public_id}/")
    assert [event.text for event in page.context["trail"]] == [
        "WhatsApp fetched a preview; nobody has read it by that",
        "PDF saved",
        "Opened",
        "Entered",
    ]
    assert [(rung.name, rung.times, bool(rung.when)) for rung in page.context["ladder"]] == [
        ("Sent", 0, False),
        ("Delivered", 0, False),
        ("Preview fetched", 1, True),
        ("Opened", 1, True),
        ("PDF saved", 1, True),
        ("Logged in", 0, False),
    ]
    page = boss.get(f"/m/ram/parties/{party.public_id}/")
    receipt_name, days = f"Receipt {payment.number}", "Statement: 1 Apr 2026 – 30 Apr 2026"
    preview = "WhatsApp fetched a preview; nobody has read it by that"
    assert [event.text for event in page.context["trail"]] == [
        f"{name}: {words}" for name in (days, receipt_name) for words in (preview, "PDF saved", "Opened")
    ]
    assert [row.opens.rpartition(" · ")[2] for row in page.context["links"]] == ["PDF saved 1×"] * 2
    stranger = make.make_party(shop)
    assert boss.get(f"/m/ram/parties/{stranger.public_id}/").context["trail"] == []


def test_a_link_gives_so_many_files_an_hour_and_takes_none_from_the_partys_people(payment, party):
    link = links.for_statement(party, APRIL, None)
    limits.count("files", f"link {link.pk}", seconds=HOUR, add=MOST_FILES_AN_HOUR - 1)
    assert [Client().get(f"{links.path(link)}/{kind}").status_code for kind in ("xlsx", "csv", "pdf")] == [
        200,
        429,
        429,
    ]
    browser, at = make.customer_client(party), f"/portal/{party.public_id}"
    limits.count("files", str(party.pk), seconds=HOUR, add=MOST_FILES_AN_HOUR - 2)
    tails = ("ledger.csv", "balance.csv", "ledger.xlsx", "balance.xlsx")
    assert [browser.get(f"{at}/{tail}").status_code for tail in tails] == [200, 200, 429, 429]
