"""Amounts in Gujarati words."""

from ledger.words.grouping import grouped

# fmt: off
# 0 to 99: Gujarati has a word of its own for each.
BELOW_HUNDRED = (
    "શૂન્ય", "એક", "બે", "ત્રણ", "ચાર", "પાંચ", "છ", "સાત", "આઠ", "નવ",
    "દસ", "અગિયાર", "બાર", "તેર", "ચૌદ", "પંદર", "સોળ", "સત્તર", "અઢાર", "ઓગણીસ",
    "વીસ", "એકવીસ", "બાવીસ", "ત્રેવીસ", "ચોવીસ", "પચ્ચીસ", "છવ્વીસ", "સત્તાવીસ", "અઠ્ઠાવીસ", "ઓગણત્રીસ",
    "ત્રીસ", "એકત્રીસ", "બત્રીસ", "તેત્રીસ", "ચોત્રીસ", "પાંત્રીસ", "છત્રીસ", "સાડત્રીસ", "આડત્રીસ", "ઓગણચાલીસ",
    "ચાલીસ", "એકતાલીસ", "બેતાલીસ", "તેતાલીસ", "ચુંમાલીસ", "પિસ્તાલીસ", "છેતાલીસ", "સુડતાલીસ", "અડતાલીસ", "ઓગણપચાસ",
    "પચાસ", "એકાવન", "બાવન", "ત્રેપન", "ચોપન", "પંચાવન", "છપ્પન", "સત્તાવન", "અઠ્ઠાવન", "ઓગણસાઠ",
    "સાઠ", "એકસઠ", "બાસઠ", "ત્રેસઠ", "ચોસઠ", "પાંસઠ", "છાસઠ", "સડસઠ", "અડસઠ", "અગણોસિત્તેર",
    "સિત્તેર", "એકોતેર", "બોતેર", "તોતેર", "ચુમોતેર", "પંચોતેર", "છોતેર", "સિત્યોતેર", "ઇઠ્યોતેર", "ઓગણાએંસી",
    "એંસી", "એક્યાસી", "બ્યાસી", "ત્યાસી", "ચોર્યાસી", "પંચાસી", "છ્યાસી", "સત્યાસી", "અઠ્યાસી", "નેવ્યાસી",
    "નેવું", "એકાણું", "બાણું", "ત્રાણું", "ચોરાણું", "પંચાણું", "છન્નું", "સત્તાણું", "અઠ્ઠાણું", "નવ્વાણું",
)
# fmt: on
# The hundreds are written in one word with their number.
_HUNDREDS = ("", "એકસો", "બસો", "ત્રણસો", "ચારસો", "પાંચસો", "છસો", "સાતસો", "આઠસો", "નવસો")
_STEPS = ((100_000, "લાખ"), (1_000, "હજાર"))
MINUS = "માઇનસ"


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return BELOW_HUNDRED[rest]
    return f"{_HUNDREDS[hundreds]} {BELOW_HUNDRED[rest]}" if rest else _HUNDREDS[hundreds]


def amount(rupees: int, paise: int) -> str:
    parts = []
    if rupees or not paise:
        words = grouped(rupees, _below_thousand, _STEPS, "કરોડ")
        parts.append(f"{words} {'રૂપિયો' if rupees == 1 else 'રૂપિયા'}")
    if paise:
        parts.append(f"{BELOW_HUNDRED[paise]} {'પૈસો' if paise == 1 else 'પૈસા'}")
    alone = (rupees, paise) in ((1, 0), (0, 1))
    return f"{' અને '.join(parts)} {'પૂરો' if alone else 'પૂરા'}"
