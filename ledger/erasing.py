"""Erasure at a customer's wish: all that no law asks the shop to keep, by one function under the party's lock.

What stays: invoices, payments, entries and what was said about them (append-only or frozen by triggers), since a
registered person keeps books and records for 72 months from the due date of the year's annual return (CGST Act 2017,
section 36; DPDP Act 2023, section 8(7) leaves what a law asks to retain).
"""

from collections.abc import Collection
from contextlib import suppress

from django.db import transaction
from django.db.models import F, ProtectedError, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity, changes, limits, notices
from accounts.asking import Kind, RequestRefused, Status, check_open, end, lock
from accounts.forgetting import forget_user
from accounts.models import DataRequest, Image, Message, Notice, Party, PartyPerson, PartyWish, User
from accounts.money import rupees
from catalog.models import Order
from ledger.models import Comparison, LinkOpen, Paper, PartyBalance, PaymentClaim, ShareLink

PARTY, PERSON = "party", "person"
DAY, MOST_A_DAY = 24 * 60 * 60, 5  # of a person at a party
# In words for both sides, as `erase` does it.
GOES = [
    _("Every mobile number, with name and rights, and so the way to log in"),
    _("E-mail, street, town and PIN code, and the shop's own note"),
    _("To whom messages went, and what was chosen about messages"),
    _("With which devices links were opened; all links end"),
    _("Ledgers you uploaded, screenshots of payments, notes to orders and payments"),
    _("Corrections asked for, and your login, where no other shop has your number saved"),
]
GOES_OF_PERSON = [
    _("Your number, name and rights here, and so the way to log in"),
    _("That messages went to your number"),
    _("Ledgers you uploaded"),
    _("Your login and devices, where no other shop has your number saved"),
]
STAYS = [
    _("Invoices, credit notes, payments and the ledger, with the names and addresses printed then: tax law asks for 72 months after the year's return"),
    _("Questions, promises and balance confirmations about them, and orders"),
    _("Name, GSTIN and State, under which the books stand"),
    _("When somebody logged in: at least a year"),
    _("That a number wants no messages, so that it stays so"),
]  # fmt: skip


@transaction.atomic
def ask(person: PartyPerson, by: User) -> DataRequest:
    """Ask the shop to erase: all of the party from its main number, else what is kept of this person.

    Asked already is as good as asked. Raises limits.LimitReached.
    """
    party = Party.objects.select_for_update(no_key=True).get(business_id=person.business_id, pk=person.party_id)
    party.business = person.party.business
    scope = {"business_id": party.business_id, "party": party, "kind": Kind.ERASURE, "asked_by": by}
    if known := DataRequest.objects.filter(**scope, status=Status.OPEN).first():
        return known
    limits.hit("erasures", f"{party.pk}|{by.pk}", most=MOST_A_DAY, seconds=DAY)
    of = PARTY if person.is_main else PERSON
    # Without the number: the row outlives it.
    request = DataRequest.objects.create(**scope, asked={"of": of})
    changes.note(party.business_id, party.pk, changes.Kind.PROFILE, request.public_id)
    activity.record(party.business, by, "erasure_asked", ("party", str(party.pk)), of=of)
    notices.tell(party, Notice.Kind.ERASURE, request.pk, ref=request.public_id)
    return request


@transaction.atomic
def erase(request: DataRequest, by: User) -> DataRequest:
    """Do what an erasure asks for. Raises RequestRefused while money is open or a message is on its way."""
    party, locked = lock(request)
    check_open(locked)
    phone = str(locked.asked_by.phone)
    if Message.objects.filter(business_id=party.business_id, party_id=party.pk, status=Message.Status.SENDING).exists():
        raise RequestRefused(str(_("A message to this party is on its way. Try again in a minute.")))
    if locked.asked["of"] == PARTY:
        _check_party(party, phone)
        phones = [str(number) for number in party.people.values_list("phone", flat=True)]
        _erase_party(party, locked)
    else:
        phones = [phone]
        _erase_person(party, phone, locked.asked_by)
    end(locked, Status.ACCEPTED, by)
    activity.record(party.business, by, "erased", ("party", str(party.pk)), of=locked.asked["of"])
    for number in phones:
        forget_user(number)
    return locked


def _check_party(party: Party, phone: str) -> None:
    balance = PartyBalance.objects.filter(business_id=party.business_id, party=party).first()
    if balance and balance.paise:
        words = _("%(amount)s is open between you. Settle it first, or decline and say so.")
        raise RequestRefused(str(words) % {"amount": rupees(abs(balance.paise))})
    if not party.people.filter(phone=phone, is_main=True).exists():
        raise RequestRefused(
            str(_("The number that asked is not the party's main number any more. Decline, and say so."))
        )


def _erase_party(party: Party, request: DataRequest) -> None:
    of_party = {"business_id": party.business_id, "party": party}
    party.people.all().delete()
    PartyWish.objects.filter(**of_party).delete()
    Party.objects.filter(business_id=party.business_id, pk=party.pk).update(
        email="", address="", city="", pin_code="", note="", is_shared=False, access_version=F("access_version") + 1
    )
    ShareLink.objects.filter(**of_party, revoked_at=None).update(revoked_at=timezone.now())
    links = ShareLink.objects.filter(**of_party).values("pk")
    LinkOpen.objects.filter(business_id=party.business_id, link__in=links).exclude(device="").update(device="")
    # Notices went to the shop's own people.
    _scrub_messages(Message.objects.filter(business_id=party.business_id, party_id=party.pk).exclude(kind=notices.KIND))
    Comparison.objects.filter(**of_party).delete()
    Paper.objects.filter(**of_party).delete()
    Order.objects.filter(**of_party).exclude(note="").update(note="")
    _erase_screenshots(party)
    asked = DataRequest.objects.filter(**of_party).exclude(pk=request.pk)
    for other in asked.filter(kind=Kind.ERASURE, status=Status.OPEN).select_related("business"):
        end(other, Status.ACCEPTED, None)
    asked.filter(kind=Kind.CORRECTION).delete()
    gone = (Notice.Kind.CORRECTION, Notice.Kind.COMPARISON)
    Notice.objects.filter(**of_party, kind__in=gone).delete()


def _erase_screenshots(party: Party) -> None:
    claims = PaymentClaim.objects.filter(business_id=party.business_id, party=party)
    pictures = list(claims.exclude(screenshot=None).values_list("screenshot_id", flat=True))
    claims.update(screenshot=None, note="")
    for picture in Image.objects.filter(business_id=party.business_id, pk__in=pictures):
        with suppress(ProtectedError):  # it says something elsewhere too
            picture.delete()


def _erase_person(party: Party, phone: str, user: User) -> None:
    if party.people.filter(phone=phone).exclude(is_main=True).delete()[0]:
        Party.objects.filter(business_id=party.business_id, pk=party.pk).update(access_version=F("access_version") + 1)
    _scrub_messages(Message.objects.filter(business_id=party.business_id, party_id=party.pk, to=phone))
    of_person = {"business_id": party.business_id, "party": party}
    Comparison.objects.filter(**of_person, uploaded_by=user).delete()
    asked = DataRequest.objects.filter(**of_person, asked_by=user, kind=Kind.CORRECTION)
    gone = [str(pk) for pk in asked.values_list("pk", flat=True)]
    asked.delete()
    Notice.objects.filter(**of_person, kind=Notice.Kind.CORRECTION, subject_id__in=gone).delete()


WAITING: Collection[str] = (Message.Status.QUEUED, Message.Status.UNCERTAIN)


def _scrub_messages(found: QuerySet[Message]) -> None:
    found.filter(status__in=WAITING).update(status=Message.Status.CANCELLED)
    found.update(to="", params={}, fallback=[], error="")
