"""States and Union territories with their GST codes (the first two digits of a GSTIN).

Source: the State code list of the GST system. 25 and 28 are not given any more (25 merged into 26 on
26 January 2020, 28 became 36 and 37 in 2014). 96 stands for a place outside India, 97 for "Other Territory"
(the sea).
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OTHER_COUNTRIES = "96"
OTHER_TERRITORY = "97"


@dataclass(frozen=True, slots=True)
class State:
    """`utgst`: a Union territory without a legislature, where UTGST takes the place of SGST (UTGST Act 2017).

    CGST Act section 2(114) counts "other territory" among them. Delhi, Puducherry, and Jammu and Kashmir have
    a legislature and levy SGST.
    """

    code: str
    name: str | Promise
    utgst: bool = False


STATES: dict[str, State] = {
    state.code: state
    for state in (
        State("01", _("Jammu and Kashmir")),
        State("02", _("Himachal Pradesh")),
        State("03", _("Punjab")),
        State("04", _("Chandigarh"), utgst=True),
        State("05", _("Uttarakhand")),
        State("06", _("Haryana")),
        State("07", _("Delhi")),
        State("08", _("Rajasthan")),
        State("09", _("Uttar Pradesh")),
        State("10", _("Bihar")),
        State("11", _("Sikkim")),
        State("12", _("Arunachal Pradesh")),
        State("13", _("Nagaland")),
        State("14", _("Manipur")),
        State("15", _("Mizoram")),
        State("16", _("Tripura")),
        State("17", _("Meghalaya")),
        State("18", _("Assam")),
        State("19", _("West Bengal")),
        State("20", _("Jharkhand")),
        State("21", _("Odisha")),
        State("22", _("Chhattisgarh")),
        State("23", _("Madhya Pradesh")),
        State("24", _("Gujarat")),
        State("26", _("Dadra and Nagar Haveli and Daman and Diu"), utgst=True),
        State("27", _("Maharashtra")),
        State("29", _("Karnataka")),
        State("30", _("Goa")),
        State("31", _("Lakshadweep"), utgst=True),
        State("32", _("Kerala")),
        State("33", _("Tamil Nadu")),
        State("34", _("Puducherry")),
        State("35", _("Andaman and Nicobar Islands"), utgst=True),
        State("36", _("Telangana")),
        State("37", _("Andhra Pradesh")),
        State("38", _("Ladakh"), utgst=True),
        State(OTHER_COUNTRIES, _("Other Countries")),
        State(OTHER_TERRITORY, _("Other Territory"), utgst=True),
    )
}

# (code, name) by code, for places of supply; and without "Other Countries", for a business's own State.
STATE_CHOICES: list[tuple[str, str | Promise]] = [(state.code, state.name) for state in STATES.values()]
INDIAN_CHOICES: list[tuple[str, str | Promise]] = [row for row in STATE_CHOICES if row[0] != OTHER_COUNTRIES]


def name(code: str) -> str:
    """The State's name in the active language; "" for a code that is not in the list."""
    state = STATES.get(code)
    return str(state.name) if state else ""


def coded(code: str) -> str:
    """As papers name a State, with its code: 27 Maharashtra."""
    return f"{code} {name(code)}".strip()


def is_utgst(code: str) -> bool:
    """Whether UTGST is levied there instead of SGST; False for a code that is not in the list."""
    state = STATES.get(code)
    return state is not None and state.utgst
