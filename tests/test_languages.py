"""The customer's side speaks Hindi: nothing missing, nothing stale, nothing half English; SMS stays English."""

import datetime as dt
import gettext
import html
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format

from accounts import delivery
from accounts.models import Message
from ledger import links, sharing
from ledger.models import Payment
from tests import factories as make
from tests.gateways import EVERYWHERE, Recording

ROOT = Path(__file__).parent.parent
HINDI = ROOT / "locale/hi/LC_MESSAGES"
# What a customer reads. The merchant's desk and the operator's stay English for now, SMS always.
READ_BY_CUSTOMERS = [
    "accounts/forms.py",
    "accounts/images.py",
    "accounts/money.py",
    "accounts/otp.py",
    "accounts/phones.py",
    "accounts/states.py",
    "accounts/views/errors.py",
    "catalog/orders.py",
    "catalog/units.py",
    "config/*.py",
    "config/formats/hi/*.py",
    "ledger/gst.py",
    "ledger/itc.py",
    "ledger/ageing.py",
    "ledger/reconciling/*.py",
    "ledger/claims.py",
    "ledger/comparing.py",
    "ledger/confirming.py",
    "ledger/confirmations.py",
    "ledger/confirmed.py",
    "ledger/promises.py",
    "ledger/queries.py",
    "ledger/query_forms.py",
    "ledger/talks.py",
    "ledger/reports/promised.py",
    "ledger/letterhead.py",
    "ledger/paying.py",
    "ledger/receipts.py",
    "ledger/settled.py",
    "ledger/statement_paper.py",
    "ledger/zips.py",
    "ledger/paper.py",
    "portal/*.py",
    "portal/views/*.py",
    "templates/4*.html",
    "templates/500.html",
    "templates/base*.html",
    "templates/front.html",
    "templates/partials/*.html",
    "templates/pdf/*.html",
    "templates/portal/*.html",
]
# Statuses, units, roles and ways to pay: the models name them, the customer's pages show them.
MODEL_WORDS = ["catalog.models.UNITS", "catalog.models.Order.Status", "accounts.models.PartyPerson.Role"]
MODEL_WORDS += [
    "ledger.models.Query.About",
    "ledger.models.Adjustment.Kind",
    "ledger.models.Payment.Mode",
    "ledger.models.Invoice.Kind",
    "ledger.models.Invoice.Status",
]
LEFTOVERS = "Invoice|Invoices|Paid|Unpaid|Overdue|Due|Balance|Ledger|Payment|Order|Orders|Shop|Total|Date|Amount|Dr|Cr"
LEFTOVERS += "|Log|Download|Code|Send|Profile|Search|Show|Statement|Home|Add|Cart|Nov|Dec|Jan|the|your|and"


def tool(*command: str | Path, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue as makemessages would write it today; made in a copy, since it writes next to the sources."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("accounts", "catalog", "ledger", "portal", "config", "templates", "locale"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    code = (
        "from django.conf import settings; settings.configure(LOCALE_PATHS=['locale'], USE_I18N=True)\n"
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('makemessages', locale=['hi'], add_location='file', no_obsolete=True, verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True)
    return copy / "locale/hi/LC_MESSAGES/django.po"


def of_customers(path: Path) -> str:
    return tool("msggrep", *(f"--location={name}" for name in READ_BY_CUSTOMERS), path)


def sentences(catalogue: str) -> list[str]:
    """The blocks of a .po that hold a sentence, without its head."""
    return [block for block in catalogue.strip().split("\n\n") if "\n#: " in f"\n{block}"]


def test_every_sentence_a_customer_reads_has_its_hindi(gathered: Path) -> None:
    found = of_customers(gathered)
    assert len(sentences(found)) > 300
    assert sentences(tool("msgattrib", "--untranslated", "-", stdin=found)) == []
    assert sentences(tool("msgattrib", "--only-fuzzy", "-", stdin=found)) == []


def test_the_compiled_catalogue_is_that_of_the_source_and_its_placeholders_fit(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.mo"
    tool("msgfmt", "--check", "-o", fresh, HINDI / "django.po")
    assert tool("msgunfmt", "--sort-output", HINDI / "django.mo") == tool("msgunfmt", "--sort-output", fresh)


def test_hindi_sentences_name_what_the_english_ones_name() -> None:
    with (HINDI / "django.mo").open("rb") as file:
        pairs = vars(gettext.GNUTranslations(file))["_catalog"]
    for source, hindi in pairs.items():
        english = source[0] if isinstance(source, tuple) else source
        if english:
            names = re.compile(r"%\(\w+\)[sd]")
            assert set(names.findall(hindi)) == set(names.findall(english)), english


@pytest.mark.parametrize("name", MODEL_WORDS)
def test_words_of_the_models_are_in_hindi(name: str) -> None:
    module, _, rest = name.partition(".models.")
    found: Any = sys.modules[f"{module}.models"]
    for part in rest.split("."):
        found = getattr(found, part)
    with translation.override("hi"):
        words = {str(word) for _, word in getattr(found, "choices", found)}
    assert {word for word in words if re.search("[a-z]", word)} == set()


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
