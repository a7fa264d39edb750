"""The customer's side speaks eight languages: nothing missing, nothing stale, nothing half English; SMS stays English."""

import copy
import datetime as dt
import html
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import translation
from django.utils.formats import date_format, number_format
from pypdf import PdfReader

from accounts import delivery, wording
from accounts.models import Message, Party
from accounts.money import rupees
from ledger import links, receipts, sharing
from ledger.models import Payment
from portal.views.links import language_of
from tests import catalogues
from tests import factories as make
from tests.gateways import EVERYWHERE, Recording

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
LEFTOVERS = "Invoice|Invoices|Paid|Unpaid|Overdue|Due|Balance|Ledger|Payment|Order|Orders|Shop|Total|Date|Amount|Dr|Cr"
LEFTOVERS += "|Log|Download|Code|Send|Profile|Search|Show|Statement|Home|Add|Cart|Nov|Dec|Jan|the|your|and"


# --- the catalogues -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_is_offered_is_complete(language: str) -> None:
    """Else a page would be half English. To mend it: python -m tests.catalogues --help"""
    assert len(catalogues.sentences()) > 1000
    assert catalogues.faults(language) == []


def test_a_catalogue_is_checked_for_what_spoils_it() -> None:
    pay = "Pay %(amount)s by UPI"
    assert {text: catalogues.faults_of([pay], text, "ta") for text in TRIED} == TRIED


TRIED = {
    "%(amount)s UPI மூலம் செலுத்துங்கள்": [],
    "UPI மூலம் செலுத்துங்கள்": ["other placeholders"],
    "%(amount)s செலுத்துங்கள்": ["lost UPI"],
    "%(amount)s UPI மூலம் ర": ["letters of another script (ర)"],
    "Now %(amount)s UPI மூலம்": ["Latin that the English has not (Now)"],
    "Pay %(amount)s by UPI": ["still English"],
    "%(amount)s UPI மூலம் ": ["other spaces at its ends"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_that_has_hindi_words_has_them_in_each_language(language: str) -> None:
    folder = Path(settings.BASE_DIR) / "templates/messages"

    def texts_in(code: str) -> set[str]:
        names = {path.name.removesuffix(f".{code}.txt") for path in folder.glob(f"*.{code}.txt")}
        return {name for name in names if not name.startswith("notice_")}  # those are the merchant's

    assert len(texts_in("hi")) > 15
    assert texts_in(language) == texts_in("hi")


# --- dates and numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_and_numbers_are_written_as_in_india(language: str) -> None:
    own = catalogues.SCRIPTS[language]
    with translation.override(language):
        days = [date_format(dt.date(2026, month, 22), "DATE_FORMAT") for month in range(1, 13)]
        assert number_format(1234567, force_grouping=True) == "12,34,567"
        assert number_format(1234567.5, decimal_pos=2, force_grouping=True) == "12,34,567.50"
        assert rupees(1_23_456_00) == "₹1,23,456.00"
    assert len(set(days)) == 12
    assert [day for day in days if not re.fullmatch(rf"22 [{own}]{{2,}}[.॰]? 2026", day)] == []


def test_dates_read_naturally_in_hindi() -> None:
    with translation.override("hi"):
        days = [date_format(dt.date(2026, month, 22), "DATE_FORMAT") for month in range(1, 13)]
    months = "जन॰ फ़र॰ मार्च अप्रैल मई जून जुल॰ अग॰ सित॰ अक्टू॰ नव॰ दिस॰"
    assert days == [f"22 {month} 2026" for month in months.split()]


# --- the pages ----------------------------------------------------------------------------------------------


@pytest.fixture
def party():
    business = make.make_business("राम किराना", upi_id="ram@okaxis", bank_account="123456789", bank_ifsc="HDFC0001234")
    return make.make_party(business, make.new_phone(), "श्री गणेश", language="hi")


@pytest.fixture
def shop(party):
    """Bills, a payment and goods, all with Hindi names, so that whatever is English comes from us."""
    item = make.make_item(party.business, "चावल", stock_milli=3_000)
    day = dt.date(2025, 11, 22)
    bills = [
        make.make_invoice(party, on=day, due_on=dt.date(2099, 1, 5), lines=[make.line("चावल", paise=123456_00)])
        for _ in range(2)
    ]
    make.make_invoice(party, on=day, due_on=day, lines=[make.line("दाल", paise=50_00)])
    make.make_payment(party, 23456_00, mode=Payment.Mode.UPI)
    return {"item": item, "bills": bills}


def words_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    text = response.content.decode()
    assert '<html lang="hi">' in text
    text = re.sub(r"(?s)<(svg|style|script).*?</\1>|<[^>]+>", " ", text.partition("<body")[2].partition(">")[2])
    text = html.unescape(text)
    assert re.findall(rf"\b(?:{LEFTOVERS})\b", text) == []
    return " ".join(text.split())


@pytest.fixture
def client(party):
    client = make.customer_client(party)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    return client


@pytest.mark.django_db
def test_the_shared_invoice_is_read_in_the_party_s_hindi(shop):
    link = links.for_invoice(shop["bills"][1], None)
    text = words_of(Client(headers={"accept-language": "en"}), links.path(link))
    assert "5 जन॰ 2099 तक देना है" in text
    assert "₹1,23,456.00" in text
    assert "एक लाख तेईस हज़ार चार सौ छप्पन रुपये" in text
    for word in ("बिल", "UPI से भुगतान करें", "PDF डाउनलोड करें", "खाता नंबर", "महाराष्ट्र", "1 पीस", "कुल"):
        assert word in text


@pytest.mark.django_db
def test_the_door_asks_in_hindi(party):
    link = links.for_party(party, None)
    text = words_of(Client(), links.path(link))
    assert "आपका मोबाइल नंबर" in text
    assert "कोड भेजें" in text
    refused = Client().post(links.path(link), {"phone": "12"})
    assert "दस अंकों का मोबाइल नंबर लिखें" in refused.content.decode()


@pytest.mark.django_db
def test_dashboard_ledger_store_and_profile_speak_hindi(client, party, shop):
    def at(tail=""):
        return words_of(client, f"/portal/{party.public_id}/{tail}")

    home = at()
    assert "राम किराना को देना है ₹2,23,506.00" in home
    for word in ("तारीख निकली", "कुछ चुकाया", "बकाया", "22 नव॰ 2025", "हिसाब देखें", "और खरीदें"):
        assert word in home
    ledger = at("ledger/?period=all")
    for word in ("शुरुआती बाकी", "भुगतान, UPI", "₹2,23,506.00 नामे", "आखिरी बाकी", "यह वित्त वर्ष"):
        assert word in ledger
    assert "केवल 3 पीस बाकी" in at("store/")
    client.post(f"/portal/{party.public_id}/store/cart/{shop['item'].public_id}/", {"quantity": "1", "add": "on"})
    assert "ऑर्डर करें" in at("store/cart/")
    assert "मालिक: सब देख और कर सकते हैं" in re.sub("English", "", at("profile/"))
    for tail in ("invoices/", "orders/", f"invoices/{shop['bills'][0].public_id}/"):
        at(tail)


@pytest.mark.django_db
def test_who_lands_in_hindi_by_mistake_finds_english_by_its_own_name(client, party):
    for path in ("/", f"/portal/{party.public_id}/profile/"):
        assert re.search(r'value="en" lang="en"[^>]*>English</button>', client.get(path).content.decode())


@pytest.mark.parametrize(
    "page",
    [
        "400.html",
        "403.html",
        "403_csrf.html",
        "404.html",
        "405.html",
        "410.html",
        "413.html",
        "422.html",
        "429.html",
        "500.html",
    ],
)
def test_error_pages_speak_hindi(page):
    with translation.override("hi"):
        text = re.sub(r"<[^>]+>", " ", render_to_string(page).partition("<body")[2])
    assert re.findall(rf"\b(?:{LEFTOVERS})\b", text) == []


# --- every page in every language ---------------------------------------------------------------------------

# What the rows below are called; the number of an invoice; and what a bank calls its own.
NAMES = {"Ram", "ram", "Kirana", "Ganesh", "Basmati", "Wholesale", "INV", "RCT", "okaxis", "browser"}


@pytest.fixture(scope="module")
def market(once: make.Once) -> dict[str, Any]:
    with once():
        business = make.make_business(
            "Ram Kirana", upi_id="ram@okaxis", bank_account="123456789", bank_ifsc="HDFC0001234"
        )
        party = make.make_party(business, make.new_phone(), "Ganesh")
        make.make_item(business, "Basmati", stock_milli=3_000)
        day = dt.date(2025, 11, 22)
        bill = make.make_invoice(party, on=day, due_on=day, lines=[make.line("Basmati", paise=123456_00)])
        make.make_invoice(party, on=day, due_on=dt.date(2099, 1, 5), lines=[make.line("Basmati", paise=50_00)])
        make.make_payment(party, 23456_00, mode=Payment.Mode.UPI)
        return {"party": party, "link": links.for_invoice(bill, None), "door": links.for_party(party, None)}


def said_by(client: Client, path: str, language: str) -> str:
    """What a page shows and what it tells a screen reader, without the menu in which each language has its own name."""
    response = client.get(path)
    text = response.content.decode()
    assert (response.status_code, re.findall(r'<html lang="([\w-]+)"', text)) == (200, [language])
    body = re.sub(
        r'(?s)<details class="drop">.*?</details>|<(svg|style|script|code)\b.*?</\1>', " ", text.partition("<body")[2]
    )
    body = re.sub(r"(?s)<form[^>]*/language/.*?</form>", " ", body)
    told = re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"', body)
    return html.unescape(" ".join([re.sub(r"(?s)<[^>]+>", " ", body.partition(">")[2]), *told]))


def foreign_to(language: str, text: str) -> list[str]:
    """Words of another language: Latin that no paper of India writes so, or another script."""
    own = rf"[\s\d{catalogues.SCRIPTS[language]}]"
    latin = [word for word in re.findall(r"\b[A-Za-z]{2,}\b", catalogues.KEPT.sub(" ", text)) if word not in NAMES]
    return latin + re.findall(r"[\u0900-\u0dff]+", re.sub(own, " ", text))


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_half_in_another_language(market: dict[str, Any], language: str) -> None:
    party = copy.deepcopy(market["party"])
    Party.objects.filter(pk=party.pk).update(language=language)
    stranger, client = Client(headers={"accept-language": "en"}), make.customer_client(party)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    at = f"/portal/{party.public_id}/"
    told = {
        path: said_by(stranger, path, language) for path in (links.path(market["link"]), links.path(market["door"]))
    }
    told |= {at + tail: said_by(client, at + tail, language) for tail in ("", "ledger/", "store/", "pay/", "profile/")}
    told["/"] = said_by(client, "/", language)
    assert {path: found for path, text in told.items() if (found := foreign_to(language, text))} == {}
    assert "1,23,456.00" in told[links.path(market["link"])]
    assert "₹1,00,050.00" in told[at]


FONTS = {
    "hi": "Devanagari",
    "mr": "Devanagari",
    "gu": "Gujarati",
    "ta": "Tamil",
    "te": "Telugu",
    "kn": "Kannada",
    "bn": "Bengali",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_brings_the_letters_of_its_language_along(market: dict[str, Any], language: str) -> None:
    page: Any = PdfReader(BytesIO(receipts.pdf_of(market["party"].payments.get(), language))).pages[0]
    fonts = {font.get_object()["/BaseFont"].partition("+")[2] for font in page["/Resources"]["/Font"].values()}
    assert {font for font in fonts if not font.startswith("Noto-")} == set()
    assert any(font.startswith(f"Noto-Sans-{FONTS[language]}") for font in fonts)


# --- which language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "cookie", "party", "browser", "spoken"),
    [
        ("te", "kn", "ta", "bn", "te"),
        ("", "kn", "ta", "bn", "kn"),
        ("", "", "ta", "bn", "ta"),
        ("", "", "en", "bn", "bn"),
        ("en", "kn", "ta", "bn", "en"),
        ("pa", "xx", "mr", "en", "mr"),
        ("pa", "", "en", "gu-IN,gu;q=0.9,en;q=0.5", "gu"),
        ("pa", "ml", "en", "pa-IN,or;q=0.5", "en"),
        ("<b>", "", "en", "", "en"),
    ],
)
def test_the_reader_chooses_before_the_shop_and_the_shop_before_the_browser(
    address: str, cookie: str, party: str, browser: str, spoken: str
) -> None:
    request = RequestFactory().get("/i/x", {"lang": address}, headers={"accept-language": browser})
    request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = cookie
    with translation.override(translation.get_language_from_request(request)):
        assert language_of(request, Party(language=party)) == spoken


@pytest.mark.django_db
@pytest.mark.parametrize(("browser", "spoken"), [("ta-IN,ta;q=0.9", "ta"), ("pa-IN,pa;q=0.9", "en"), ("", "en")])
def test_a_language_that_we_do_not_speak_falls_back_to_english_and_says_so(browser: str, spoken: str) -> None:
    response = Client(headers={"accept-language": browser}).get("/portal/login/")
    assert f'<html lang="{spoken}">' in response.content.decode()
    assert response["Content-Language"] == spoken


@pytest.mark.django_db
def test_the_language_menu_names_each_language_and_marks_the_one_that_is_read(market: dict[str, Any]) -> None:
    page = Client().get(links.path(market["door"]) + "?lang=kn").content.decode()
    menu = re.findall(r'<a class="btn" href="\?lang=(\w+)" lang="(\w+)"[^>]*?( aria-current="true")?>([^<]+)</a>', page)
    assert menu == [
        (code, code, ' aria-current="true"' if code == "kn" else "", name) for code, name in settings.LANGUAGES
    ]


# --- messages -----------------------------------------------------------------------------------------------


def text_sent(invoice, channel):
    Recording.sent.clear()
    message = sharing.send(links.for_invoice(invoice, None), channel, make.make_user())
    delivery.deliver(message.pk)
    ((_, _, text),) = Recording.sent
    return text


@pytest.fixture
def bill(settings):
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    party = make.make_party(make.make_business("Ram Kirana"), make.new_phone(), language="hi", email="a@example.in")
    return make.make_invoice(party, paise=118000_00, on=dt.date(2025, 11, 1), due_on=dt.date(2025, 11, 22))


@pytest.mark.django_db
def test_an_sms_is_english_and_plain_whatever_the_party_reads(bill):
    text = text_sent(bill, Message.Channel.SMS)
    assert text.isascii()
    assert f"Ram Kirana: invoice {bill.number} of Rs. 1,18,000.00, due 22 Nov 2025." in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (Message.Channel.WHATSAPP, "आपका बिल {}, Ram Kirana से: ₹1,18,000.00, 22 नव॰ 2025 तक देना है।"),
        (Message.Channel.EMAIL, "₹1,18,000.00 का बिल {}, 22 नव॰ 2025 तक देना है।"),
    ],
)
def test_whatsapp_and_email_speak_the_party_s_hindi(bill, channel, words):
    assert words.format(bill.number) in text_sent(bill, channel)


@pytest.mark.parametrize(
    ("channel", "approved", "spoken"),
    [
        (Message.Channel.SMS, ["en", "ta"], "en"),
        (Message.Channel.WHATSAPP, ["en", "ta"], "ta"),
        (Message.Channel.WHATSAPP, ["en", "hi"], "en"),
        (Message.Channel.EMAIL, ["en"], "ta"),
    ],
)
def test_a_message_speaks_the_party_s_language_where_its_channel_can(settings, channel, approved, spoken):
    settings.WHATSAPP_LANGUAGES = approved
    assert wording.spoken(Message(channel=channel, language="ta")) == spoken
