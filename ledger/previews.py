"""A messenger's robot fetched a page behind a link, to show a preview: that is written down as in an access log.

It is no open and counts nowhere as one; who one says one is decides nothing but whether this line is written. A robot
is known by how it calls itself, never by the word alone: WhatsApp's own browser names WhatsApp too.
"""

import datetime as dt
import re
from contextlib import suppress

from django.db import OperationalError
from django.utils import timezone

from ledger.models import LinkPreview, ShareLink

ROBOTS = (
    ("WhatsApp", r"WhatsApp/"),
    ("Facebook", r"facebookexternalhit/|facebookcatalog/"),
    ("Telegram", r"TelegramBot"),
    ("Twitter", r"Twitterbot/"),
    ("Slack", r"Slackbot"),
    ("Skype", r"(?:Mozilla/5\.0 )?\(?.*SkypeUriPreview"),
    ("LinkedIn", r"LinkedInBot/"),
    ("Google", r"Mozilla/5\.0 \(compatible; Google"),
)
_NAMED = [(name, re.compile(how)) for name, how in ROBOTS]
ONCE_IN = dt.timedelta(hours=1)
MOST = 20  # of one link


def robot_of(agent: str) -> str:
    """The messenger whose robot calls itself so; "" for a person's browser."""
    return next((name for name, how in _NAMED if how.match(agent)), "")


def note(link: ShareLink, agent: str) -> None:
    """Write down that a robot fetched the page, at most once an hour and MOST times for a link; people cost no query."""
    robot = robot_of(agent[:300])
    if not robot:
        return
    seen = LinkPreview.objects.filter(business_id=link.business_id, link=link)
    lately = list(seen.order_by("-id").values_list("at", "messenger")[:MOST])
    if len(lately) == MOST or any(at > timezone.now() - ONCE_IN for at, messenger in lately if messenger == robot):
        return
    with suppress(OperationalError):  # the page is shown where nothing can be written now
        LinkPreview.objects.create(business_id=link.business_id, link=link, messenger=robot)
