"""What customers did, for the shop's people: a list in the app with a count of what is new, and messages to who wants them.

A notice is written in the transaction of the deed it tells of, once for each thing.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import outbox, quotas, wording
from accounts.gateways import Text
from accounts.models import Business, Membership, Message, Notice, Party
from accounts.money import rupees
from accounts.wording import NAME, URL, Wording

Kind = Notice.Kind
# Kind -> the page that shows the thing, and the name of its key in the address. Pages of upper apps by name only.
PAGES = {
    Kind.ORDER: ("catalog:order", "order"),
    Kind.CLAIM: ("ledger:claim", "claim"),
    Kind.QUERY: ("ledger:query", "query"),
    Kind.OPENED: ("ledger:invoice", "invoice"),
    Kind.CORRECTION: ("ledger:data_request", "asked"),
    Kind.ERASURE: ("ledger:data_request", "asked"),
    Kind.COMPARISON: ("ledger:comparison", "comparison"),
    Kind.AGREED: ("ledger:party_confirm", "party"),
    Kind.DIFFERS: ("ledger:party_confirm", "party"),
}
KIND = "notice"


@transaction.atomic
def tell(party: Party, kind: Notice.Kind, subject_id: int | str, *, ref: str, number: str = "", paise: int = 0) -> bool:
    """Tell the shop of `party` of something; False when it has been told of it before.

    `ref` is the public id by which its page is reached; `number` and `paise` (0: none) are read in the list.
    """
    known = {"business_id": party.business_id, "kind": kind, "subject_id": str(subject_id)}
    if Notice.objects.filter(**known).exists():
        return False
    data: dict[str, Any] = {"ref": ref, "number": number, "paise": paise}
    try:
        with transaction.atomic():
            notice = Notice.objects.create(**known, party=party, data=data)
    except IntegrityError:  # told in this very moment
        return False
    _send(notice, party)
    return True


def _send(notice: Notice, party: Party) -> None:
    """A message to each member who wants one; none when the shop's messages are used up (the list has it all the same)."""
    members = Membership.objects.filter(business_id=party.business_id, is_active=True).exclude(notify_by="")
    for member in members.select_related("user"):
        to = member.user.email if member.notify_by == Message.Channel.EMAIL else str(member.user.phone)
        if not to:
            continue
        try:
            quotas.reserve(party.business_id, member.notify_by)
        except quotas.QuotaReached:
            return
        outbox.enqueue(
            kind=KIND,
            channel=member.notify_by,
            to=to,
            subject=("notice", str(notice.pk)),
            business=party.business,
            party_id=party.pk,
            language=member.user.language or "en",
        )


def unread(seen: str = "seen_notice_id") -> Coalesce:
    """For annotate() over memberships: how many notices this member has not seen. Index notices_of_business."""
    new = Notice.objects.filter(business_id=OuterRef("business_id"), pk__gt=OuterRef(seen)).order_by()
    return Coalesce(Subquery(new.values("business_id").annotate(n=Count("pk")).values("n")), 0)


def of(business: Business) -> QuerySet[Notice]:
    return Notice.objects.filter(business=business).select_related("party")


def mark_seen(member: Membership, newest: int) -> None:
    """Everything up to this notice has been seen; going back is not possible."""
    Membership.objects.filter(pk=member.pk, seen_notice_id__lt=newest).update(seen_notice_id=newest)


def words(notice: Notice) -> str:
    """“Anil Kirana ordered for ₹1,200.00.”"""
    said = {"party": notice.party.name, "number": notice.data["number"], "amount": rupees(notice.data["paise"])}
    match notice.kind:
        case Kind.ORDER:
            return _("%(party)s ordered for %(amount)s.") % said
        case Kind.CLAIM:
            return _("%(party)s says they have paid %(amount)s.") % said
        case Kind.QUERY:
            return _("%(party)s asks about %(number)s.") % said
        case Kind.CORRECTION:
            return _("%(party)s asks you to put their details right.") % said
        case Kind.ERASURE:
            return _("%(party)s asks you to erase their data.") % said
        case Kind.COMPARISON:
            return _("%(party)s shows you how their ledger compares with yours.") % said
        case Kind.AGREED:
            return _("%(party)s agrees with the balance of %(number)s.") % said
        case Kind.DIFFERS:
            return _("%(party)s says that the balance of %(number)s differs.") % said
    return _("%(party)s opened %(number)s for the first time.") % said


def href(notice: Notice, slug: str) -> str:
    name, key = PAGES[Kind(notice.kind)]
    return reverse(name, kwargs={"slug": slug, key: notice.data["ref"]})


# --- Messages -----------------------------------------------------------------------------------------------


def _text(message: Message) -> Text:
    notice = Notice.objects.select_related("party", "business__sender").get(pk=message.subject_id)
    url = settings.SITE_URL + reverse("accounts:notices", kwargs={"slug": notice.business.slug})
    values = {"business": notice.business.name, "party": notice.party.name, "url": url}
    return wording.text_for(message, values, f"notice_{notice.kind}")


def _still_due(message: Message) -> bool:
    return Notice.objects.filter(pk=message.subject_id, business=message.business).exists()


def register() -> None:
    wording.register(
        *(Wording(f"notice_{kind}", {"business": NAME, "party": NAME, "url": URL}) for kind in Kind.values)
    )
    outbox.register(KIND, _text, _still_due)
