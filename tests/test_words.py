"""Amounts in words."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ledger.words import LANGUAGES, in_words
from ledger.words.hindi import BELOW_HUNDRED as _HINDI
from tests.catalogues import SCRIPTS

ENGLISH = {
    0: "Zero rupees only",
    1: "One paisa only",
    50: "Fifty paise only",
    99: "Ninety-nine paise only",
    100: "One rupee only",
    101: "One rupee and one paisa only",
    150: "One rupee and fifty paise only",
    200: "Two rupees only",
    2_100: "Twenty-one rupees only",
    10_000: "One hundred rupees only",
    11_850: "One hundred eighteen rupees and fifty paise only",
    100_000: "One thousand rupees only",
    100_100: "One thousand one rupees only",
    10_000_000: "One lakh rupees only",
    123_456_712: "Twelve lakh thirty-four thousand five hundred sixty-seven rupees and twelve paise only",
    999_999_900: "Ninety-nine lakh ninety-nine thousand nine hundred ninety-nine rupees only",
    1_000_000_000: "One crore rupees only",
    1_000_000_100: "One crore one rupees only",
    100_000_000_000: "One hundred crore rupees only",
    999_000_000_000: "Nine hundred ninety-nine crore rupees only",
    1_000_000_000_000: "One thousand crore rupees only",
    10**14: "One lakh crore rupees only",
    123456 * 10**9 + 789 * 100: (
        "One lakh twenty-three thousand four hundred fifty-six crore seven hundred eighty-nine rupees only"
    ),
    10**16: "One crore crore rupees only",
    -1_850: "Minus eighteen rupees and fifty paise only",
}
HINDI = {
    0: "शून्य रुपये मात्र",
    1: "एक पैसा मात्र",
    50: "पचास पैसे मात्र",
    100: "एक रुपया मात्र",
    101: "एक रुपया और एक पैसा मात्र",
    123_456_712: "बारह लाख चौंतीस हज़ार पाँच सौ सड़सठ रुपये और बारह पैसे मात्र",
    100_000_000_000: "एक सौ करोड़ रुपये मात्र",
    10**14: "एक लाख करोड़ रुपये मात्र",
    -100: "ऋण एक रुपया मात्र",
}


@pytest.mark.parametrize(("paise", "text"), ENGLISH.items())
def test_english(paise: int, text: str) -> None:
    assert in_words(paise) == text
    assert in_words(paise, "en") == text
    assert in_words(paise, "fr") == text


@pytest.mark.parametrize(("paise", "text"), HINDI.items())
def test_hindi(paise: int, text: str) -> None:
    assert in_words(paise, "hi") == text
    assert in_words(paise, "hi-in") == text


def test_hindi_has_a_word_for_every_number_below_a_hundred() -> None:
    assert len(_HINDI) == len(set(_HINDI)) == 100
    assert " ".join(_HINDI[tens] for tens in range(0, 100, 10)) == "शून्य दस बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे"


# --- The others: samples that a speaker wrote down --------------------------------------------------------------

OTHERS = [code for code, _ in settings.LANGUAGES if code not in {"en", "hi"}]
# No amount, one, a half, a hundred, a thousand, a lakh, all nines, a hundred crore, a lakh crore.
SIZES = {0, 50, 1_00, 100_00, 1_000_00, 1_00_000_00, 99_99_999_00, 100 * 10**9, 10**14}


def samples_of(language: str) -> dict[int, str]:
    lines = (Path(__file__).parent / f"words/{language}.txt").read_text(encoding="utf-8").splitlines()
    return {int(paise): text for paise, text in (line.split("\t") for line in lines if line)}


@pytest.mark.parametrize("language", OTHERS)
def test_amounts_in_words_are_those_a_speaker_wrote(language: str) -> None:
    samples = samples_of(language)
    assert samples.keys() >= SIZES
    assert {paise: in_words(paise, language) for paise in samples} == samples


@pytest.mark.parametrize("language", OTHERS)
def test_no_two_amounts_read_alike_and_none_holds_another_script(language: str) -> None:
    assert in_words(-100, language).startswith(LANGUAGES[language].MINUS)
    amounts = [*range(1_000), *range(100, 1_00_000, 100), *(n * 10**7 for n in range(1, 1_000)), 10**30, 10**30 + 1]
    texts = [in_words(paise, language) for paise in amounts]
    assert len(set(texts)) == len(set(amounts))
    spoilt = re.compile(rf"[^{SCRIPTS[language]}\u200c\u200d .,-]|  ")
    assert [text for text in texts if spoilt.search(text)] == []


# --- An independent reader: words back to the number, by the rules of the language ----------------------------

UNITS = {"rupee": 100, "rupees": 100, "paisa": 1, "paise": 1, "रुपया": 100, "रुपये": 100, "पैसा": 1, "पैसे": 1}
STEPS = {"hundred": 100, "thousand": 10**3, "lakh": 10**5, "crore": 10**7, "सौ": 100, "हज़ार": 10**3, "लाख": 10**5}
STEPS["करोड़"] = 10**7
TEENS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
TEENS += "seventeen eighteen nineteen"
SMALL = {word: number for words in (_HINDI, TEENS.split()) for number, word in enumerate(words)}
SMALL |= {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


def read(text: str) -> int:
    paise = 0
    for part in re.split(" and | और ", text.removesuffix(" only").removesuffix(" मात्र").lower()):
        *words, unit = part.split()
        value = read_number(words)
        assert unit in (("rupee", "paisa", "रुपया", "पैसा") if value == 1 else ("rupees", "paise", "रुपये", "पैसे"))
        paise += value * UNITS[unit]
    return paise


def read_number(words: list[str]) -> int:
    for step in ("crore", "करोड़", "lakh", "लाख", "thousand", "हज़ार", "hundred", "सौ"):
        if step in words:
            at = len(words) - 1 - words[::-1].index(step)
            return read_number(words[:at]) * STEPS[step] + read_number(words[at + 1 :])
    return sum(SMALL[part] for word in words for part in word.split("-"))


@given(st.integers(0, 10**14) | st.integers(0, 10**30), st.sampled_from(["en", "hi"]))
def test_words_read_back_to_the_amount(paise: int, language: str) -> None:
    text = in_words(paise, language)
    assert read(text) == paise
    assert "  " not in text
    assert text[0] == text[0].upper()
