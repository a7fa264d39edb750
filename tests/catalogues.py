"""What a customer reads, and what each language lacks of it.

    python -m tests.catalogues               what is wrong in every language; exit code 1 when anything is
    python -m tests.catalogues ta kn         only in these
    python -m tests.catalogues --update ta   put what is new into its .po (empty), drop what is gone, compile, then look

Hindi's catalogue holds the merchant's sentences too (empty); the others hold only what a customer reads. A sentence
that is not there is shown in English, which on a page in another language is a fault: nothing may be missing.
"""

import argparse
import gettext
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "locale"
# The merchant's desk and the operator's stay English for now, SMS always.
READ_BY_CUSTOMERS = [
    "accounts/asking.py",
    "accounts/corrections.py",
    "accounts/forms.py",
    "accounts/images.py",
    "accounts/money.py",
    "accounts/otp.py",
    "accounts/phones.py",
    "accounts/states.py",
    "accounts/steps.py",
    "accounts/views/errors.py",
    "catalog/orders.py",
    "catalog/units.py",
    "config/*.py",
    "config/formats/*.py",
    "ledger/cockpit.py",
    "ledger/erasing.py",
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
MODEL_WORDS = [
    "catalog.models.UNITS",
    "catalog.models.Order.Status",
    "accounts.models.PartyPerson.Role",
    "accounts.models.DataRequest.Kind",
    "accounts.models.DataRequest.Status",
    "accounts.models.Message.Status",
    "accounts.models.OptOut.Source",
    "ledger.models.Entry.Kind",
    "ledger.models.LinkOpen.Event",
    "ledger.models.PaymentClaim.Status",
    "ledger.models.Query.About",
    "ledger.models.Adjustment.Kind",
    "ledger.models.Payment.Mode",
    "ledger.models.Invoice.Kind",
    "ledger.models.Invoice.Status",
]
# The letters of each language: its own block, and the danda where it ends sentences with one.
SCRIPTS = {
    "hi": "\u0900-\u097f",
    "mr": "\u0900-\u097f",
    "gu": "\u0a80-\u0aff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "bn": "\u0980-\u09ff\u0964\u0965",
}
INDIC = re.compile("[\u0900-\u0dff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%")
# Written so in every language, as they stand on other papers and screens. CGST is not GST: whole words.
KEPT = re.compile(
    r"\b(?:SharedLedger|WhatsApp|Google|UPI|UTR|IFSC|GSTIN|GSTR-2B|GST|CGST|SGST|UTGST|IGST|HSN|SAC|PDF|CSV|XLSX|ZIP|SMS|QR|"
    r"JPEG|PNG|WEBP|MB|NEFT|RTGS|IMPS|TDS|PIN|SEZ|ID|Excel|Tally)\b"
)
LATIN = re.compile(r"[A-Za-z]{2,}")

Key = str  # the English, with its context before it as gettext joins them


def tool(*command: str | Path, stdin: str = "") -> str:
    """What a program of gettext prints. Raises RuntimeError with its complaint."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr}")
    return done.stdout


def words_of_models(name: str) -> list[Any]:
    """The lazy words of one of MODEL_WORDS."""
    module, _, rest = name.partition(".models.")
    found: Any = sys.modules[f"{module}.models"]
    for part in rest.split("."):
        found = getattr(found, part)
    return [word for _, word in getattr(found, "choices", found)]


@cache
def template() -> str:
    """All of our sentences as makemessages finds them today, as a .pot; made in a copy, since it writes next to the sources."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("accounts", "catalog", "ledger", "portal", "config", "templates"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "locale").mkdir()
        code = (
            "from django.conf import settings; settings.configure(LOCALE_PATHS=['locale'], USE_I18N=True)\n"
            "import django; django.setup()\n"
            "from django.core.management import call_command\n"
            "call_command('makemessages', locale=['hi'], add_location='file', keep_pot=True, verbosity=0)"
        )
        subprocess.run([sys.executable, "-c", code], cwd=copy, check=True)
        found = (copy / "locale/django.pot").read_text(encoding="utf-8")
        return found.replace("nplurals=INTEGER; plural=EXPRESSION;", "nplurals=2; plural=(n != 1);")


@cache
def of_customers() -> str:
    """The part of `template` that a customer reads."""
    from django.utils import translation

    pages = tool("msggrep", *(f"--location={name}" for name in READ_BY_CUSTOMERS), stdin=template())
    with translation.override("en"):
        words = {str(word) for name in MODEL_WORDS for word in words_of_models(name)}
    exactly = "^(" + "|".join(re.sub(r"([().?*+|\[\]\\^$])", r"\\\1", word) for word in sorted(words)) + ")$"
    # FNM_PATHNAME: a star never crosses a slash.
    in_models = tool("msggrep", "--location=*/models.py", "--location=*/models/*.py", stdin=template())
    named = tool("msggrep", "--msgid", "--extended-regexp", f"--regexp={exactly}", stdin=in_models)
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder, "pages.pot"), Path(folder, "models.pot")]
        for path, words_in in zip(parts, (pages, named), strict=True):
            path.write_text(words_in, encoding="utf-8")
        return tool("msgcat", "--use-first", *parts)


def pairs(catalogue: str) -> dict[Key, list[str]]:
    """English -> its translation, one text for each plural form; what is empty or fuzzy is not there."""
    with tempfile.NamedTemporaryFile(suffix=".mo") as file:
        tool("msgfmt", "--output-file", file.name, "-", stdin=catalogue)
        return pairs_of(Path(file.name))


def pairs_of(compiled: Path) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    with compiled.open("rb") as file:
        for key, text in vars(gettext.GNUTranslations(file))["_catalog"].items():
            if key:
                found.setdefault(key[0] if isinstance(key, tuple) else key, []).append(text)
    return found


@cache
def sentences() -> dict[Key, list[str]]:
    """What a customer reads: each sentence and its English, one text for each plural form."""
    return pairs(tool("msgen", "--lang=en", "-", stdin=of_customers()))


def path_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES/django.po"


def faults(language: str) -> list[str]:
    """What is wrong with a language's catalogue, each with the sentence it is about; none: []."""
    path = path_of(language)
    catalogue = path.read_text(encoding="utf-8")
    tool("msgfmt", "--check", "--output-file=/dev/null", path)
    found = pairs(catalogue)
    wrong = [f"missing: {key!r}" for key in sentences() if key not in found]
    if language != "hi":
        known = pairs(tool("msgen", "--lang=en", "-", stdin=tool("msgattrib", "--no-obsolete", path)))
        wrong += [f"not read by customers any more: {key!r}" for key in known if key not in sentences()]
    for key, texts in found.items():
        english = sentences().get(key) or [key.rpartition("\x04")[2]]
        wrong += [f"{fault}: {key!r} -> {text!r}" for text in texts for fault in faults_of(english, text, language)]
    if pairs_of(path.with_suffix(".mo")) != found:
        wrong.append("the .mo is not made of this .po: python -m tests.catalogues --update")
    return wrong


def faults_of(english: list[str], text: str, language: str) -> list[str]:
    """What is wrong with one translation; a form for one thing may leave its number out."""
    wrong = []
    named = [set(PLACEHOLDER.findall(form)) for form in english]
    if set(PLACEHOLDER.findall(text)) not in named:
        wrong.append("other placeholders")
    if lost := set.intersection(*(set(KEPT.findall(form)) for form in english)) - set(KEPT.findall(text)):
        wrong.append(f"lost {' '.join(sorted(lost))}")
    bare = PLACEHOLDER.sub(" ", text)
    if others := set(INDIC.findall(re.sub(f"[{SCRIPTS[language]}]", "", bare))):
        wrong.append(f"letters of another script ({''.join(sorted(others))})")
    allowed = {word.lower() for form in english for word in LATIN.findall(PLACEHOLDER.sub(" ", form))}
    if strange := {word for word in LATIN.findall(KEPT.sub(" ", bare)) if word.lower() not in allowed}:
        wrong.append(f"Latin that the English has not ({' '.join(sorted(strange))})")
    if not INDIC.search(bare) and LATIN.search(KEPT.sub(" ", bare)):
        wrong.append("still English")
    if [text[:1].isspace(), text[-1:].isspace()] != [english[0][:1].isspace(), english[0][-1:].isspace()]:
        wrong.append("other spaces at its ends")
    return wrong


def update(language: str) -> None:
    """Merge what is new into a .po, and compile it."""
    path = path_of(language)
    if language == "hi":
        raise SystemExit("hi: manage.py makemessages -l hi --add-location=file --no-obsolete, and compilemessages")
    if not path.exists():
        path.parent.mkdir(parents=True)
        path.write_text(HEAD.format(language=language), encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".pot", encoding="utf-8") as pot:
        pot.write(of_customers())
        pot.flush()
        merged = tool("msgmerge", "--no-fuzzy-matching", "--quiet", path, pot.name)
    path.write_text(tool("msgattrib", "--no-obsolete", stdin=merged), encoding="utf-8")
    tool("msgfmt", "--check", f"--output-file={path.with_suffix('.mo')}", path)


HEAD = """# The customer's side: what only a merchant reads is not in here.
msgid ""
msgstr ""
"Project-Id-Version: SharedLedger\\n"
"Last-Translator: SharedLedger\\n"
"Language-Team: SharedLedger\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.catalogues", description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="*", choices=[*SCRIPTS], help="all without")
    parser.add_argument("--update", action="store_true", help="merge what is new, drop what is gone, and compile")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    wrong = 0
    for language in options.languages or SCRIPTS:
        if options.update and language != "hi":
            update(language)
        found = faults(language)
        wrong += len(found)
        print(f"{language}: {len(found)} faults in {len(sentences())} sentences", *found, sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
