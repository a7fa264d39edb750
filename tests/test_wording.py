"""The registered texts: fixed words, typed variables, SMS that stay cheap, nothing that advertises, no code by e-mail."""

import re
from pathlib import Path

import pytest

from accounts import gsm, wording
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
    assert language in wording.LANGUAGES
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
    text = wording.fill("portal_share", "whatsapp", "ta", SAMPLES["portal_share"])
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
