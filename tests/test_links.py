"""Share links: a token cannot be guessed, bent or used for something else; ended links say so, others do not exist."""

import datetime as dt
import string
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import parties
from accounts.models import Activity, Business, Party, User
from ledger import links
from ledger.links import LinkEnded, LinkUnknown
from ledger.models import Invoice, ShareLink
from tests import factories
from tests.factories import make_invoice, make_party

KEYS = st.integers(-(2**63), 2**63 - 1)
KINDS = ["invoice", "portal"]
LETTERS = string.digits + string.ascii_letters


def token(key: int, kind: str = "invoice") -> str:
    return links.token(ShareLink(kind=kind, key=key))


# --- The token ----------------------------------------------------------------------------------------------


@given(key=KEYS, kind=st.sampled_from(KINDS))
def test_a_token_tells_its_key_again(key: int, kind: str) -> None:
    text = token(key, kind)
    assert links.read_token(kind, text) == key
    assert len(text) == 33
    assert set(text) <= set(LETTERS)


@given(key=KEYS, place=st.integers(0, 32), letter=st.sampled_from(LETTERS))
def test_any_other_letter_makes_it_unknown(key: int, place: int, letter: str) -> None:
    text = token(key)
    if text[place] == letter:
        return
    with pytest.raises(LinkUnknown):
        links.read_token("invoice", text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=40))
def test_any_other_text_is_unknown(text: str) -> None:
    with pytest.raises(LinkUnknown):
        links.read_token("invoice", text)


@given(st.text(LETTERS, min_size=33, max_size=33))
def test_any_other_text_of_the_right_shape_is_unknown(text: str) -> None:
    with pytest.raises(LinkUnknown):
        links.read_token("portal", text)


@pytest.mark.parametrize("text", ["", "0" * 33, "z" * 33, "٣" * 33, "0" * 32 + "\n", "0" * 34, "é" * 33])
def test_odd_texts_are_unknown(text: str) -> None:
    with pytest.raises(LinkUnknown):
        links.read_token("invoice", text)


@given(key=KEYS)
def test_an_invoice_token_opens_no_portal_and_the_other_way_round(key: int) -> None:
    for own, other in (KINDS, KINDS[::-1]):
        with pytest.raises(LinkUnknown):
            links.read_token(other, token(key, own))


@given(key=KEYS)
def test_one_link_has_one_spelling(key: int) -> None:
    """No second text decodes to the same number: not by case, by leading zeros, nor beyond 192 bits."""
    text = token(key)
    values = {letter: value for value, letter in enumerate(links.ALPHABET)}
    number = 0
    for letter in text:
        number = number * 62 + values[letter]
    bigger = number + 2**192
    again = []
    for _ in range(34):
        bigger, value = divmod(bigger, 62)
        again.append(links.ALPHABET[value])
    for twin in (
        text.swapcase(),
        "0" + text,
        text.lstrip("0") if text[0] == "0" else text[1:],
        text + "0",
        "".join(reversed(again)),
        "".join(reversed(again))[1:],
    ):
        if twin != text:
            with pytest.raises(LinkUnknown):
                links.read_token("invoice", twin)


def test_keys_rotate_without_ending_links(settings: Any) -> None:
    settings.LINK_KEYS = ["old" * 12]
    old = token(5)
    settings.LINK_KEYS = ["new" * 12, "old" * 12]
    new = token(5)
    assert old != new
    assert links.read_token("invoice", old) == links.read_token("invoice", new) == 5
    settings.LINK_KEYS = ["new" * 12]
    assert links.read_token("invoice", new) == 5
    with pytest.raises(LinkUnknown):
        links.read_token("invoice", old)


def test_a_token_is_signed_by_a_key_of_its_own(settings: Any) -> None:
    """Losing the key of sessions does not lose the links."""
    before = token(5)
    settings.SECRET_KEY = "another" * 8
    settings.CODE_KEY = "another" * 8
    assert token(5) == before
    assert settings.SECRET_KEY not in settings.LINK_KEYS


# --- The row ------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user()


@pytest.fixture
def party(owner: User) -> Party:
    return make_party(factories.make_business(owner=owner), factories.new_phone())


@pytest.fixture
def invoice(party: Party) -> Invoice:
    return make_invoice(party)


@pytest.fixture
def link(invoice: Invoice, owner: User) -> ShareLink:
    return links.for_invoice(invoice, owner)


def ends(link: ShareLink) -> bool:
    """Whether opening says 410; False when it opens."""
    try:
        links.open_link(link.kind, links.token(link))
    except LinkEnded as ended:
        told = ended.link.pk
    else:
        return False
    assert told == link.pk
    return True


def test_a_link_opens_its_invoice_with_one_query(
    link: ShareLink, invoice: Invoice, django_assert_num_queries: Any
) -> None:
    text = links.token(link)
    with django_assert_num_queries(1):
        opened = links.open_link("invoice", text)
        assert opened.invoice
        assert (opened.invoice.pk, opened.invoice.number) == (invoice.pk, invoice.number)
        assert (opened.invoice.party.name, opened.invoice.business.name) == (invoice.party.name, invoice.business.name)
        assert opened.invoice.due_paise == 100_00
        assert opened.party.business.slug == invoice.business.slug


def test_a_bent_link_asks_the_database_nothing(link: ShareLink, django_assert_num_queries: Any) -> None:
    text = links.token(link)
    with django_assert_num_queries(0):
        for place in range(33):
            bent = text[:place] + LETTERS[LETTERS.index(text[place]) - 1] + text[place + 1 :]
            with pytest.raises(LinkUnknown):
                links.open_link("invoice", bent)
        with pytest.raises(LinkUnknown):
            links.open_link("portal", text)


def test_a_genuine_token_without_a_row_is_unknown(link: ShareLink) -> None:
    text = links.token(link)
    link.delete()
    with pytest.raises(LinkUnknown):
        links.open_link("invoice", text)


def test_links_of_a_closed_business_are_unknown(link: ShareLink) -> None:
    Business.objects.update(is_active=False)
    with pytest.raises(LinkUnknown):
        links.open_link("invoice", links.token(link))


def test_an_invoice_link_ends_after_180_days_and_a_portal_link_does_not(party: Party, owner: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        bill, door = links.for_invoice(make_invoice(party), owner), links.for_party(party, owner)
        clock.shift(dt.timedelta(days=180, seconds=-1))
        assert (ends(bill), ends(door)) == (False, False)
        clock.shift(dt.timedelta(seconds=1))
        assert (ends(bill), ends(door)) == (True, False)
        clock.shift(dt.timedelta(days=3650))
        assert (ends(bill), ends(door)) == (True, False)


def test_a_revoked_link_ends_at_once_and_only_it(link: ShareLink, party: Party, owner: User) -> None:
    door = links.for_party(party, owner)
    links.revoke(link, owner)
    links.revoke(link, owner)
    assert (ends(link), ends(door)) == (True, False)
    assert Activity.objects.filter(verb="link_revoked").count() == 1


def test_stopping_to_share_ends_every_link_for_good(link: ShareLink, party: Party, owner: User) -> None:
    door, neighbour = links.for_party(party, owner), links.for_party(make_party(party.business), owner)
    parties.set_shared(party, False, owner)
    assert (ends(link), ends(door), ends(neighbour)) == (True, True, False)
    parties.set_shared(party, True, owner)
    assert (ends(link), ends(door)) == (True, True), "an old link must not come back to life"
    assert not ends(links.for_party(party, owner))


def test_a_changed_number_ends_every_link(link: ShareLink, party: Party, owner: User) -> None:
    """The earlier number may be somebody else's today."""
    parties.set_main_number(party, str(party.people.get().phone), "Only the name", owner)
    assert not ends(link)
    parties.set_main_number(party, factories.new_phone(), "", owner)
    assert ends(link)


def test_a_removed_number_ends_every_link(link: ShareLink, party: Party, owner: User) -> None:
    parties.set_main_number(party, "", "", owner)
    assert ends(link)


def test_a_removed_helper_ends_every_link(link: ShareLink, party: Party, owner: User) -> None:
    helper = parties.add_person(party, factories.new_phone(), "", "orders", owner)
    assert not ends(link), "one more number takes nothing from the others"
    parties.remove_person(helper, owner)
    assert ends(link)


def test_ending_sessions_ends_links_too(link: ShareLink, party: Party, owner: User) -> None:
    parties.end_sessions(party, owner)
    assert ends(link)


def test_the_rule_on_the_row_and_in_the_query_are_one(link: ShareLink, party: Party, owner: User) -> None:
    now = timezone.now()
    for change in ({}, {"revoked_at": now}, {"expires_at": now}, {"expires_at": None}, {"access_version": 7}):
        ShareLink.objects.filter(pk=link.pk).update(
            **({"revoked_at": None, "expires_at": now + dt.timedelta(days=1), "access_version": 1} | change)
        )
        row = ShareLink.objects.select_related("party").get(pk=link.pk)
        assert ShareLink.objects.live().filter(pk=link.pk).exists() is row.is_live, change


# --- Sharing again ------------------------------------------------------------------------------------------


def test_sharing_again_uses_the_same_link(link: ShareLink, invoice: Invoice, party: Party, owner: User) -> None:
    assert links.for_invoice(invoice, owner).pk == link.pk
    door = links.for_party(party, owner)
    assert links.for_party(party, owner).pk == door.pk != link.pk
    assert links.for_invoice(make_invoice(party), owner).pk not in {link.pk, door.pk}


def test_a_new_link_never_ends_an_earlier_one(invoice: Invoice, owner: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = links.for_invoice(invoice, owner)
        clock.shift(dt.timedelta(days=91))
        second = links.for_invoice(invoice, owner)
        assert second.pk != first.pk, "a link in its last half is not sent again"
        assert (ends(first), ends(second)) == (False, False)


def test_a_revoked_link_is_not_used_again(link: ShareLink, invoice: Invoice, owner: User) -> None:
    links.revoke(link, owner)
    assert not ends(links.for_invoice(invoice, owner))


def test_a_link_in_a_message_names_our_address(link: ShareLink, settings: Any) -> None:
    settings.SITE_URL = "https://ledger.example.in"
    assert links.url(link) == f"https://ledger.example.in/i/{links.token(link)}"


def test_links_cannot_be_counted(party: Party, owner: User) -> None:
    found = [links.for_invoice(make_invoice(party), owner) for _ in range(20)]
    keys = [link.key for link in found]
    assert len(set(keys)) == 20
    assert keys != sorted(keys)
    assert len({links.token(link)[:4] for link in found}) > 15
