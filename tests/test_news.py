"""A customer hears of the answer they wait for and of a balance to be confirmed; the shop of what they show and say."""

import datetime as dt

import pytest
import time_machine

from accounts import asking, corrections, optouts, outbox, parties, quotas, wishes
from accounts.india import today
from accounts.models import Message, Notice, OptOut, PartyPerson
from ledger import answering, confirmations, links, queries
from ledger.models import ShareLink
from ledger.queries import Said
from ledger.reconciling import kept
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make.make_user()


@pytest.fixture
def party(owner):
    business = make.make_business("Ram Kirana", owner=owner)
    return make.make_party(business, make.new_phone(), "Shree Ganesh", email="ganesh@example.in")


def asker(party, role=PartyPerson.Role.OWNER):
    """Somebody of the party who asks about a bill: (user, query)."""
    number = make.new_phone()
    parties.add_person(party, number, "", role, None)
    user = make.make_user(number)
    return user, make.make_query(make.make_invoice(party), by=user)


def text(message):
    """What would go out now; None when it is not due any more."""
    return outbox.kinds[message.kind].texts([message])[message.pk]


def answer(query, owner, **more):
    return queries.write(query, owner, Said("You are right."), is_of_shop=True, **more)


def test_whoever_asked_hears_of_the_answer_once_and_it_says_where_not_what(party, owner):
    user, query = asker(party)
    queries.write(query, user, Said("And the rate too."), is_of_shop=False)
    assert not Message.objects.exists()
    answer(query, owner)
    message = Message.objects.get()
    assert (message.channel, message.to, message.party_id) == ("whatsapp", str(user.phone), party.pk)
    sent = text(message)
    door = links.url(ShareLink.objects.get(party=party, kind="portal"))
    assert (sent.body, sent.button_url) == (
        f"Your question about {query.invoice.number} was answered by Ram Kirana. Open your account to read it.\n{door}",
        door,
    )
    assert "You are right" not in sent.body


def test_it_comes_in_their_language_and_by_the_way_they_chose(party, owner):
    party.language = "hi"
    party.save()
    main = make.make_user(str(party.people.get(is_main=True).phone))
    wishes.choose(party, main, channel="email", quiet_until=None)
    answer(make.make_query(make.make_invoice(party), by=main), owner)
    message = Message.objects.get()
    assert (message.channel, message.to) == ("email", "ganesh@example.in")
    assert "सवाल का जवाब" in text(message).subject
    sms = Message(kind=message.kind, channel="sms", to=str(main.phone), subject_id=message.subject_id, language="hi")
    sms.business, sms.params = party.business, message.params
    assert text(sms).body.startswith("Ram Kirana answered your question about INV/")


@pytest.mark.parametrize(
    ("why", "is_written"),
    [
        ("asked again", True),
        ("sharing over", True),
        ("now a helper", True),
        ("number gone", True),
        ("quiet", False),
        ("used up", False),
    ],
)
def test_no_answer_is_told_that_is_no_news_or_not_theirs_to_know(party, owner, why, is_written):
    user, query = asker(party)
    person = party.people.get(phone=user.phone)
    if why == "quiet":
        wishes.choose(party, user, channel="", quiet_until=today())
    elif why == "used up":
        quotas.spend(party.business_id, {"sms": 20_000})
    answer(query, owner)
    assert Message.objects.exists() is is_written
    if why == "asked again":
        queries.write(query, user, Said("But look here."), is_of_shop=False)
    elif why == "sharing over":
        parties.set_shared(party, False, owner)
    elif why == "now a helper":
        PartyPerson.objects.filter(pk=person.pk).update(role=PartyPerson.Role.ORDERS)
    elif why == "number gone":
        person.delete()
    if is_written:
        assert text(Message.objects.get()) is None


def test_who_wants_no_messages_gets_none(party, owner):
    user, query = asker(party)
    optouts.stop(str(user.phone), OptOut.Source.PORTAL)
    answer(query, owner)
    message = Message.objects.get()
    assert outbox.refused([message]) == {message.pk: "asked not to get messages"}


def test_a_closing_without_words_is_no_message(party, owner):
    _user, query = asker(party)
    queries.close(query, owner, is_of_shop=True)
    assert not Message.objects.exists()


@time_machine.travel(
    dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC), tick=False
)  # half past ten in the evening in India
def test_a_balance_is_asked_for_once_in_the_morning_and_not_after_it_was_said(party, owner):
    make.make_invoice(party, paise=71_317_00)
    on = today() - dt.timedelta(days=1)
    for _ in range(2):
        confirmations.ask(party, on, owner)
    message = Message.objects.get()
    assert message.to == str(party.people.get(is_main=True).phone)
    assert message.due_at == dt.datetime(2026, 11, 21, 4, 30, tzinfo=dt.UTC)
    sent = text(message)
    assert "Ram Kirana as on 19 Nov 2026" in sent.body
    assert "71,317" not in sent.body
    make.make_confirmation(party, on=on)
    assert text(message) is None


def test_the_shop_is_told_what_was_agreed_what_differs_and_once_for_each_comparison_shown(party, owner):
    make.make_invoice(party, paise=500_00)
    make.make_confirmation(party)
    make.make_confirmation(party, theirs=400_00)
    comparison = make.make_comparison(party)
    for shown in (True, False, True):
        kept.show_to_shop(comparison, comparison.uploaded_by, shown=shown)
    told = Notice.objects.filter(business=party.business).order_by("pk")
    assert [notice.kind for notice in told] == ["agreed", "differs", "comparison"]
    page = make.merchant_client(owner).get(f"/m/{party.business.slug}/news/", follow=True).content.decode()
    for words in ("agrees with the balance of", "differs.", "shows you how their ledger compares with yours."):
        assert f"Shree Ganesh {words}" in page or words in page
    assert f"/comparisons/{comparison.public_id}/" in page
    assert f"/parties/{party.public_id}/confirm/" in page


@pytest.mark.parametrize("answer_of_shop", ["taken over", "declined", "taken back"])
def test_who_asked_for_a_correction_hears_that_it_was_answered_and_not_how(party, owner, answer_of_shop):
    number = make.new_phone()
    parties.add_person(party, number, "Raju", PartyPerson.Role.ORDERS, None)
    asked = make.make_correction(party, number, name="Ganesh & Sons")
    if answer_of_shop == "taken over":
        answering.accept(asked, owner, ["name"], shown=corrections.fingerprint(corrections.current(party, number)))
    elif answer_of_shop == "declined":
        answering.decline(asked, owner, "Please bring the certificate.")
    else:
        asking.withdraw(asked, make.make_user(number))
    messages = [(message.to, text(message).body) for message in Message.objects.filter(kind="request_answered")]
    door = links.url(ShareLink.objects.get(party=party, kind="portal")) if messages else ""
    words = "Your request about your details was answered by Ram Kirana. Open your account to read it."
    assert messages == ([] if answer_of_shop == "taken back" else [(number, f"{words}\n{door}")])


def test_a_corrected_number_hears_of_it_and_the_old_one_does_not(party, owner):
    person = party.people.get(is_main=True)
    old, new = str(person.phone), make.new_phone()
    asked = make.make_correction(party, old, phone=new)
    answering.accept(asked, owner, ["phone"], shown=corrections.fingerprint(corrections.current(party, old)))
    message = Message.objects.get(kind="request_answered")
    assert (message.to, text(message) is not None) == (new, True)
    PartyPerson.objects.filter(pk=person.pk).update(phone=old)
    assert text(message) is None


def test_who_is_written_to_by_e_mail_hears_at_the_corrected_address(party, owner):
    number = str(party.people.get(is_main=True).phone)
    wishes.choose(party, make.make_user(number), channel="email", quiet_until=None)
    asked = make.make_correction(party, number, email="new@example.in")
    answering.accept(asked, owner, ["email"], shown=corrections.fingerprint(corrections.current(party, number)))
    message = Message.objects.get(kind="request_answered")
    assert (message.to, text(message) is not None) == ("new@example.in", True)
