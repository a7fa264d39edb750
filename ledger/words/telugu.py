"""Amounts in Telugu words.

Telugu joins its numbers: a step takes another form before what follows it (వంద, but నూట యాభై; వందలు, but వందల రూపాయలు), and
so does one (ఒక alone, ఒక్క behind other words). All of them stand here as they stand before a noun.
"""

from ledger.words.grouping import CRORE

# fmt: off
_ONES = (
    "సున్నా", "ఒక", "రెండు", "మూడు", "నాలుగు", "ఐదు", "ఆరు", "ఏడు", "ఎనిమిది", "తొమ్మిది",
    "పది", "పదకొండు", "పన్నెండు", "పదమూడు", "పద్నాలుగు", "పదిహేను", "పదహారు", "పదిహేడు", "పద్దెనిమిది", "పంతొమ్మిది",
)
_TENS = ("-", "-", "ఇరవై", "ముప్పై", "నలభై", "యాభై", "అరవై", "డెబ్బై", "ఎనభై", "తొంభై")
# fmt: on
MINUS = "మైనస్"


def amount(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        # రూపాయల before paise: "... of rupees, fifty paise".
        parts.append(f"{before_noun(rupees)} {'రూపాయి' if rupees == 1 else 'రూపాయల' if paise else 'రూపాయలు'}")
    if paise:
        parts.append(f"{before_noun(paise)} {'పైసా' if paise == 1 else 'పైసలు'}")
    return " ".join(parts) + " మాత్రమే"


def before_noun(number: int) -> str:
    """`number` >= 0 as it stands before the thing counted: 1 -> "ఒక", 101 -> "నూట ఒక్క", 200 -> "రెండు వందల". Of any size."""
    parts = []
    crores, rest = divmod(number, CRORE)
    if crores:
        parts.append("ఒక కోటి" if crores == 1 else f"{before_noun(crores)} కోట్ల")
    lakhs, rest = divmod(rest, 100_000)
    if lakhs:
        parts.append("ఒక లక్ష" if lakhs == 1 else f"{_below_hundred(lakhs)} లక్షల")
    thousands, rest = divmod(rest, 1_000)
    if thousands:
        parts.append("వెయ్యి" if thousands == 1 else f"{_below_hundred(thousands)} వేల")
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        parts.append(f"{_ONES[hundreds]} వందల" if hundreds > 1 else "నూట" if rest else "వంద")
    if rest == 1 and parts:
        parts.append("ఒక్క")
    elif rest or not parts:
        parts.append(_below_hundred(rest))
    return " ".join(parts)


def _below_hundred(number: int) -> str:
    """0 to 99 before a noun."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    if not ones:
        return _TENS[tens]
    return f"{_TENS[tens]} {'ఒక్క' if ones == 1 else _ONES[ones]}"
