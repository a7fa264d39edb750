"""Settings > Team: who keeps the book, as owners see and change it."""

import pytest

from accounts import team
from accounts.models import Activity, Membership, User
from tests.factories import make_business, make_membership, make_user, merchant_client, new_phone
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db
DOORS = 4
TEAM = "/m/ram/settings/team/"


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def client(owner, shop):
    return merchant_client(owner)


def typed(**fields):
    return {"form_key": "k" * 24, "name": "Asha", "phone": "9876543210", "role": "staff"} | fields


def shown(client):
    return [(member.name, member.role, member.is_only_owner) for member in client.get(TEAM).context["members"]]


def test_an_owner_adds_a_number_and_its_user_keeps_the_book(client, shop):
    assert client.post(TEAM, typed())["Location"] == TEAM
    asha = User.objects.get(phone="+919876543210")
    assert not asha.has_usable_password()
    assert merchant_client(asha).get("/m/ram/").status_code == 200
    assert merchant_client(asha).get(TEAM).status_code == 403
    assert shown(client) == [("Ramesh", "owner", True), ("Asha", "staff", False)]
    record = Activity.objects.get(business=shop, verb="member_added")
    assert "9876543210" not in str(record.data)


def test_the_same_form_sent_twice_adds_once(client, shop):
    assert [client.post(TEAM, typed()).status_code for _ in range(2)] == [302, 302]
    assert shop.memberships.count() == 2
    assert client.post(TEAM, typed(form_key="other")).context["form"].errors["phone"] == [
        "This number is in your team already."
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "022 2445 1234"}, "phone"),
        ({"phone": "+65 8123 4567"}, "phone"),
        ({"phone": ""}, "phone"),
        ({"name": ""}, "name"),
        ({"role": "king"}, "role"),
    ],
)
def test_a_wrong_member_is_refused_next_to_its_field(client, shop, wrong, field):
    answer = client.post(TEAM, typed(**wrong))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert shop.memberships.count() == 1


def test_a_number_that_the_operator_shut_out_is_not_added(client, shop):
    make_user("+919876543210", is_active=False)
    assert client.post(TEAM, typed()).status_code == 400
    assert shop.memberships.count() == 1


def test_adding_a_number_does_not_tell_whose_it_is(client, shop):
    """Else anybody could open a book and look up the names of numbers."""
    known = make_user("+919876543210", name="Secret Name")
    client.post(TEAM, typed())
    assert "Secret Name" not in client.get(TEAM).content.decode()
    team.record_login(known, "Chrome, Android")
    assert shown(client)[1][0] == "Secret Name"
    known.refresh_from_db()
    assert known.name == "Secret Name"


def test_who_comes_in_without_a_name_is_called_as_the_owner_wrote(client, shop):
    client.post(TEAM, typed())
    asha = User.objects.get(phone="+919876543210")
    assert asha.name == ""
    team.record_login(asha, "")
    assert User.objects.get(pk=asha.pk).name == "Asha"


def test_a_removed_member_is_out_at_once_in_every_browser_and_only_here(client, shop):
    asha = make_user(name="Asha")
    member = make_membership(shop, asha, Membership.Role.STAFF)
    make_business("Her own", asha, slug="her-own")
    phones = [merchant_client(asha), merchant_client(asha)]
    assert [phone.get("/m/ram/").status_code for phone in phones] == [200, 200]
    assert client.post(f"{TEAM}remove/", {"member": member.pk})["Location"] == TEAM
    assert [phone.get("/m/ram/").status_code for phone in phones] == [404, 404]
    assert phones[0].get("/m/her-own/").status_code == 200
    assert client.post(f"{TEAM}remove/", {"member": member.pk}).status_code == 302
    assert Activity.objects.filter(business=shop, verb="member_removed").count() == 1


def test_a_removed_member_can_be_added_again_in_another_role(client, shop):
    asha = make_user("+919876543210", name="Asha")
    member = make_membership(shop, asha, Membership.Role.STAFF)
    team.remove(shop, member.pk, asha)
    client.post(TEAM, typed(role="owner"))
    member.refresh_from_db()
    assert (member.is_active, member.role) == (True, "owner")


def test_a_role_changes_at_the_next_request(client, shop):
    asha = make_user(name="Asha")
    member = make_membership(shop, asha, Membership.Role.STAFF)
    browser = merchant_client(asha)
    assert browser.get(TEAM).status_code == 403
    client.post(f"{TEAM}role/", {"member": member.pk, "role": "owner"})
    assert browser.get(TEAM).status_code == 200
    browser.post(f"{TEAM}role/", {"member": member.pk, "role": "staff"})
    assert browser.get(TEAM).status_code == 403


def test_the_last_owner_stays_an_owner(client, shop, owner):
    make_membership(shop, make_user(), Membership.Role.STAFF)
    gone = make_membership(shop, make_user())
    Membership.objects.filter(pk=gone.pk).update(is_active=False)
    mine = shop.memberships.get(user=owner)
    for where, more in (("remove", {}), ("role", {"role": "staff"})):
        answer = client.post(f"{TEAM}{where}/", {"member": mine.pk} | more, follow=True)
        assert "A business needs an owner." in answer.content.decode()
    mine.refresh_from_db()
    assert (mine.is_active, mine.role) == (True, "owner")


def test_one_of_two_owners_may_leave_and_goes_to_the_own_books(client, shop, owner):
    make_membership(shop, make_user())
    mine = shop.memberships.get(user=owner)
    assert client.post(f"{TEAM}remove/", {"member": mine.pk})["Location"] == "/m/"
    assert client.get("/m/ram/").status_code == 404


def test_staff_see_no_team_and_change_nothing(client, shop, owner):
    asha = make_user()
    member = make_membership(shop, asha, Membership.Role.STAFF)
    browser = merchant_client(asha)
    assert TEAM not in browser.get("/m/ram/settings/").content.decode()
    assert browser.post(TEAM, typed()).status_code == 403
    assert browser.post(f"{TEAM}role/", {"member": member.pk, "role": "owner"}).status_code == 403
    assert browser.post(f"{TEAM}remove/", {"member": shop.memberships.get(user=owner).pk}).status_code == 403
    assert shop.memberships.filter(is_active=True, role="owner").count() == 1


def test_a_member_of_another_shop_is_not_found_by_number(client, shop):
    other = make_business("Other", make_user())
    make_membership(other, make_user())
    foreign = other.memberships.earliest("pk")
    for posted in (foreign.pk, "", "x", "9" * 30, "٣"):
        client.post(f"{TEAM}remove/", {"member": posted})
        client.post(f"{TEAM}role/", {"member": posted, "role": "staff"})
    foreign.refresh_from_db()
    assert (foreign.is_active, foreign.role) == (True, "owner")


def test_nobody_adds_numbers_without_end(client, shop):
    for n in range(20):
        client.post(TEAM, typed(form_key=f"key-{n}", phone=new_phone()[3:]))
    assert client.post(TEAM, typed(form_key="one-more")).status_code == 429
    assert shop.memberships.count() == 21


@pytest.mark.parametrize("count", [1, 3])
def test_the_team_asks_the_same_for_few_and_many(client, shop, count, django_assert_num_queries):
    for _ in range(count):
        make_membership(shop, make_user(), Membership.Role.STAFF)
    with django_assert_num_queries(DOORS + 1):
        assert len(client.get(TEAM).context["members"]) == count + 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_leave_one(shop, owner):
    other = make_user()
    mine, theirs = shop.memberships.get(user=owner), make_membership(shop, other)
    pairs = [(theirs.pk, owner), (mine.pk, other)]

    def take_out(number):
        pk, by = pairs[number]
        try:
            return team.remove(shop, pk, by) is not None
        except team.TeamRefused:
            return False

    assert sorted(in_parallel(take_out, 2)) == [False, True]
    assert shop.memberships.filter(is_active=True).count() == 1
