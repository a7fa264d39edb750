"""Who writes a paper, for its head: name, address, picture and colour of the business as they are today."""

from dataclasses import dataclass

from accounts.colours import USUAL, readable
from accounts.models import Business, Party
from accounts.phones import pretty
from accounts.states import coded
from ledger import pdf


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Empty text: there is nothing to print. `logo` is a data: URI."""

    name: str
    address: str
    state: str
    gstin: str
    contact: str
    logo: str
    colour: str


def of(business: Business, *, with_logo: bool = False) -> Letterhead:
    """No query; one for the logo when it is wanted and there is one."""
    phone = pretty(str(business.phone)) if business.phone else ""
    return Letterhead(
        name=business.name,
        address=postal(business),
        state=coded(business.state_code),
        gstin=business.gstin,
        contact=" · ".join(filter(None, (phone, business.email))),
        logo=pdf.picture(business.logo) if with_logo else "",
        colour=readable(business.colour or USUAL),
    )


def to(party: Party) -> Letterhead:
    """The other side, without contact and picture."""
    return Letterhead(party.name, postal(party), coded(party.state_code), party.gstin, "", "", "")


def postal(row: Business | Party) -> str:
    return ", ".join(filter(None, (row.address, " ".join(filter(None, (row.city, row.pin_code))))))
