"""Closing the books: up to a day nothing can be dated any more, whoever tries and wherever."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import activity
from accounts.india import today
from accounts.models import Business, User


class ClosingRefused(Exception):
    """The books cannot be closed or opened like this; the message is for people."""


def reopens(closed_on: dt.date | None, up_to: dt.date | None) -> bool:
    """Whether closing up to `up_to` (None: not at all) opens days that are closed now."""
    return closed_on is not None and (up_to is None or up_to < closed_on)


@transaction.atomic
def close(business: Business, up_to: dt.date | None, by: User, *, sure: bool = False) -> Business:
    """Close the books up to and with a day; None opens all of them. `sure`: closed days may be opened again.

    The full lock waits for every posting under way (posting.book.write_entries). Raises ClosingRefused.
    """
    business = Business.objects.select_for_update().get(pk=business.pk)
    if up_to == business.books_closed_on:
        return business
    if up_to and up_to > today():
        raise ClosingRefused(_("This day lies in the future. Choose today or an earlier day."))
    is_reopening = reopens(business.books_closed_on, up_to)
    if is_reopening and not sure:
        raise ClosingRefused(_("This opens days that are closed. Say once more that you mean it."))
    before, business.books_closed_on = business.books_closed_on, up_to
    business.save(update_fields=["books_closed_on"])
    verb = "books_reopened" if is_reopening else "books_closed"
    days = {"up_to": up_to and up_to.isoformat(), "before": before and before.isoformat()}
    activity.record(business, by, verb, ("business", str(business.pk)), **days)
    return business
