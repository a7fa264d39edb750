"""The registered texts: fixed words, typed variables, SMS that stay cheap, nothing that advertises, no code by e-mail."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from accounts import gsm, wording
from accounts.checks import check_gateway_settings, check_sms
from accounts.gateways import GatewayError
from accounts.wording import Category
from tests import factories

FOLDER = Path(__file__).parent.parent / "templates/messages"
FILES = sorted(FOLDER.glob("*.txt"))
SAMPLES = {name: {key: v.sample for key, v in found.variables.items()} for name, found in wording.wordings.items()}
# Words by which WhatsApp and DLT tell advertising: an invoice or a reminder has none of them.
ADVERTISING = re.compile(
    r"shop more|shop now|buy|offer|sale\b|discount|deal\b|% off|new arrival|catalog|store|order now|explore|win\b|gift"
    r"|ख़?रीद|छूट|ऑफ़?र|सेल\b|दुकान से और|उपहार",
    re.IGNORECASE,
)


def parts(path: Path) -> tuple[str, str, str]:
    name, channel, language = path.name.removesuffix(".txt").split(".")
    return name, channel, language


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_text_holds_words_and_registered_variables_only(path: Path) -> None:
    name, channel, language = parts(path)
    words = path.read_text(encoding="utf-8")
    assert name in wording.wordings, "registered by whoever owns it"
    assert language in dict(settings.LANGUAGES)
    names = set(re.findall(r"\{\{ (\w+) \}\}", words))
    assert names <= set(wording.wordings[name].variables)
    assert not re.search(r"[{}]", re.sub(r"\{\{ \w+ \}\}", "", words)), "nothing is computed in it"
    assert ADVERTISING.search(words) is None
    if language != "en":
        english = wording.source(name, channel, "en")
        assert names == set(re.findall(r"\{\{ (\w+) \}\}", path.with_name(f"{name}.{channel}.en.txt").read_text()))
        assert bool(wording.source(name, channel, language).button) == bool(english.button)


@pytest.mark.parametrize("name", sorted(wording.wordings))
def test_an_sms_is_english_gsm_and_names_the_registered_brand(name: str) -> None:
    assert not list(FOLDER.glob(f"{name}.sms.hi.txt"))
    text = wording.fill(name, "sms", "hi", SAMPLES[name])
    longest = wording.fill(
        name, "sms", "en", {key: "x" * v.longest for key, v in wording.wordings[name].variables.items()}
    )
    assert (text.language, gsm.is_gsm(text.body), "SharedLedger" in text.body) == ("en", True, True)
    assert gsm.size(longest.body).parts <= 2, longest.body


@pytest.mark.parametrize("path", [p for p in FILES if ".whatsapp." in p.name], ids=lambda path: path.stem)
def test_a_whatsapp_template_is_one_that_meta_takes(path: Path) -> None:
    """A body neither begins nor ends with a variable, holds no address, and its parameters have no line breaks:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components.md"""
    name, channel, language = parts(path)
    source = wording.source(name, channel, language)
    if wording.wordings[name].category == Category.AUTHENTICATION:
        assert (source.names(), source.button) == (["code"], ""), "the words are Meta's own"
        return
    assert not source.body.startswith("{{")
    assert not source.body.endswith("}}")
    assert "url" not in source.names()
    assert len(source.body) <= 1024
    text = wording.fill(name, channel, language, {**SAMPLES[name], "business": "Ram\n & \t  Sons"})
    assert text.variables.get("business", "Ram & Sons") == "Ram & Sons"
    assert list(text.variables) == source.names()
    assert text.body.endswith(text.button_url)


def test_a_code_never_travels_by_email() -> None:
    with pytest.raises(GatewayError, match="never travels by e-mail") as refused:
        wording.fill("login_code", "email", "en", SAMPLES["login_code"])
    assert refused.value.is_final
    assert not list(FOLDER.glob("login_code.email.*"))


def test_the_code_of_an_sms_ends_in_the_line_a_browser_reads() -> None:
    text = wording.fill("login_code", "sms", "en", {"code": "123456", "minutes": 5, "host": "ledger.example.in"})
    assert text.body.splitlines()[-1] == "@ledger.example.in #123456"
    assert (text.code, gsm.size(text.body).parts) == ("123456", 1)


def test_a_language_without_a_text_gets_english() -> None:
    text = wording.fill("portal_share", "whatsapp", "fr", SAMPLES["portal_share"])
    assert (text.language, text.body.split()[0]) == ("en", "Your")


@pytest.mark.parametrize(
    ("text", "length", "parts"),
    [
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("[" * 80, 160, 1),
        ("[" * 81, 162, 2),
        ("€", 2, 1),
        ("क" * 70, 70, 1),
        ("क" * 71, 71, 2),
        ("क" * 135, 135, 3),
        ("😀" * 35, 70, 1),
        ("", 0, 1),
    ],
)
def test_length_and_parts_of_an_sms(text: str, length: int, parts: int) -> None:
    assert gsm.size(text) == gsm.Size(length, parts)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("₹ 1,180.00", "Rs. 1,180.00"),
        ("Ram’s “Kirana” – fresh…", 'Ram\'s "Kirana" - fresh...'),
        ("Café Zoë", "Café Zoe"),
        ("Müller", "Müller"),
        ("राम Kirana 2", "Kirana 2"),
        ("राम किराना", ""),
    ],
)
def test_what_an_sms_makes_of_a_name(text: str, plain: str) -> None:
    assert gsm.plain(text) == plain


def test_a_long_name_is_cut_and_a_shop_of_another_script_is_called_by_its_short_name(db: None) -> None:
    values = {**SAMPLES["portal_share"], "business": "Shri Mahalaxmi Wholesale Provision Stores"}
    assert wording.fill("portal_share", "sms", "en", values).body.startswith("Shri Mahalaxmi Wholesale Pro..: see")
    shop = factories.make_business("राम किराना 2", slug="ram-kirana")
    assert wording.sms_name(shop) == "Ram Kirana"


# --- As they must be registered -----------------------------------------------------------------------------


def test_the_operator_gets_every_text_as_the_providers_want_it(capsys: pytest.CaptureFixture[str]) -> None:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components.md and, for codes,
    .../authentication-templates/copy-code-button-authentication-templates/"""
    call_command("message_templates", "sms")
    sms = capsys.readouterr().out
    assert "  DLT:   {#var#}: invoice {#var#} of {#var#}, due {#var#}. See it here: {#var#} - SharedLedger\n" in sms
    assert "  MSG91: ##business##: invoice ##number## of ##amount##, due ##due##. See it here: ##url##" in sms
    assert [name for name in wording.wordings if f"{name}\n" not in sms] == []
    call_command("message_templates", "whatsapp")
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {(one["name"], one["language"]): one for one in found}
    assert len(by_name) == len([path for path in FILES if ".whatsapp." in path.name])
    invoice = by_name["invoice_share", "en"]
    assert invoice["category"] == "UTILITY"
    assert [component["type"] for component in invoice["components"]] == ["HEADER", "BODY", "BUTTONS"]
    body = invoice["components"][1]
    assert body["text"].startswith("Your invoice {{1}} from {{2}}: {{3}}, due on {{4}}.")
    assert body["example"] == {
        "body_text": [["INV/2026-27/0001", "Ram & Sons Kirana", "Rs. 1,23,456.00", "05 Dec 2026"]]
    }
    (button,) = invoice["components"][2]["buttons"]
    assert button["url"].endswith("/{{1}}")
    assert by_name["login_code", "hi"] == {
        "name": "login_code",
        "language": "hi",
        "category": "AUTHENTICATION",
        "components": [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 5},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ],
    }


# --- What is wanting is named -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "name", "wanting"),
    [
        ("whatsapp", "whatsapp", "WHATSAPP_TOKEN WHATSAPP_PHONE_ID WHATSAPP_APP_SECRET WHATSAPP_VERIFY_TOKEN"),
        ("sms", "msg91", "MSG91_AUTHKEY MSG91_TEMPLATES SMS_HEADER DLT_ENTITY_ID MSG91_HOOK_SECRET"),
        ("sms", "twilio", "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_FROM"),
        ("email", "smtp", "MAIL_URL MAIL_FROM"),
    ],
)
def test_a_missing_key_of_a_gateway_is_named_by_a_check(settings: Any, channel: str, name: str, wanting: str) -> None:
    console = dict.fromkeys(("sms", "whatsapp", "email"), settings.GATEWAYS["console"])
    settings.MESSAGE_GATEWAYS = console | {channel: settings.GATEWAYS[name]}
    for key in wanting.split():
        setattr(settings, key, "")
    found = check_gateway_settings()
    assert [error.msg.split()[0] for error in found] == wanting.split()
    assert {(error.id, error.hint) for error in found} == {("accounts.E004", f"{channel.upper()}_GATEWAY")}
    for key in wanting.split():
        setattr(settings, key, "something")
    assert check_gateway_settings() == []


def test_a_gateway_that_does_not_exist_is_named(settings: Any) -> None:
    settings.MESSAGE_GATEWAYS = {"sms": "vendor.Sms"}
    (error,) = check_gateway_settings()
    assert (error.id, error.msg) == ("accounts.E003", "There is no gateway vendor.Sms.")
    assert "msg91" in (error.hint or "")


def test_sms_templates_without_id_and_long_links_are_named(settings: Any) -> None:
    settings.MESSAGE_GATEWAYS = settings.MESSAGE_GATEWAYS | {"sms": settings.GATEWAYS["msg91"]}
    settings.MSG91_TEMPLATES = dict.fromkeys(wording.wordings, "64")
    settings.LINK_URL = "https://slg.in"
    assert check_sms() == []
    del settings.MSG91_TEMPLATES["login_code"]
    settings.LINK_URL = "https://ledger.example.in"
    assert [(one.id, one.msg) for one in check_sms()] == [
        ("accounts.E005", "No SMS template id for login_code."),
        ("accounts.W001", "Links in SMS have 61 letters; DLT allows 50."),
    ]
