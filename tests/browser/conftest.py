"""What tests in a browser share: the post that reaches phones, and browsers that are signed in already."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings

from accounts import drainer
from accounts.models import Party, User
from tests import factories, gateways


class Post:
    """Delivers what is waiting in the outbox, as the drainer or a worker would, and reads what arrived."""

    def newest(self, channel: str, to: str) -> str:
        """The text that came last to this number or address."""
        drainer.drain()
        arrived = [text for by, whom, text in gateways.Recording.sent if (by, whom) == (channel, to)]
        assert arrived, f"no {channel} for {to}; sent were {gateways.Recording.sent}"
        return arrived[-1]

    def code(self, phone: str) -> str:
        """The six digits that came last; the message ends with the line that phones bind to this site."""
        text = self.newest("sms", phone)
        found = re.match(r"([0-9]{6}) is your ", text)
        assert found, text
        assert text.splitlines()[-1] == f"@{urlsplit(django_settings.SITE_URL).hostname} #{found[1]}"
        return found[1]


@pytest.fixture
def post(settings: Any, site: str) -> Post:
    settings.MESSAGE_GATEWAYS = gateways.EVERYWHERE
    gateways.Recording.sent.clear()
    gateways.Recording.faults.clear()
    return Post()


@pytest.fixture
def sign_in(site: str) -> Callable[..., None]:
    """`sign_in(page, merchant=user, customer=party)` gives the page's browser these roles, without the doors."""

    def add(page: Any, *, merchant: User | None = None, customer: Party | None = None) -> None:
        client = factories.merchant_client(merchant) if merchant else None
        if customer:
            client = factories.customer_client(customer, client=client)
        assert client, "who?"
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": site} for name, morsel in client.cookies.items()]
        )

    return add
