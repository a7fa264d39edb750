"""Limits: exact under parallel counting, per window, told with Retry-After, and counted by the right address."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory

from accounts import limits
from accounts.limits import LimitReached
from accounts.models import LimitCounter
from tests import factories
from tests.threads import in_parallel

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_the_limit_is_reached_after_and_not_before_the_most_allowed() -> None:
    for _ in range(3):
        limits.hit("try", "a", most=3, seconds=60)
    with pytest.raises(LimitReached):
        limits.hit("try", "a", most=3, seconds=60)


@pytest.mark.django_db
def test_subjects_names_and_windows_are_counted_apart() -> None:
    with time_machine.travel(NOON, tick=False):
        assert limits.count("try", "a", seconds=60) == (1, 60)
        assert limits.count("try", "a", seconds=60) == (2, 60)
        assert limits.count("try", "b", seconds=60) == (1, 60)
        assert limits.count("other", "a", seconds=60) == (1, 60)
        assert limits.count("try", "a", seconds=3600) == (1, 3600)


@pytest.mark.django_db
def test_a_full_window_opens_again_when_it_is_over() -> None:
    with time_machine.travel(NOON + dt.timedelta(seconds=50), tick=False) as clock:
        limits.hit("try", "a", most=1, seconds=60)
        with pytest.raises(LimitReached) as reached:
            limits.hit("try", "a", most=1, seconds=60)
        assert reached.value.retry_after == 10
        clock.shift(dt.timedelta(seconds=10))
        limits.hit("try", "a", most=1, seconds=60)


@pytest.mark.django_db
def test_checking_counts_nothing() -> None:
    for _ in range(5):
        limits.check("try", "a", most=1, seconds=60)
    limits.hit("try", "a", most=1, seconds=60)
    with pytest.raises(LimitReached):
        limits.check("try", "a", most=1, seconds=60)


@pytest.mark.django_db
def test_a_number_is_kept_as_a_keyed_hash_only(settings: Any) -> None:
    limits.count("code-number", "+919812345678", seconds=60)
    row = LimitCounter.objects.get()
    assert "9812345678" not in row.key
    settings.SECRET_KEY = "another" * 8
    limits.count("code-number", "+919812345678", seconds=60)
    assert LimitCounter.objects.count() == 2


@pytest.mark.django_db
def test_a_counter_outlives_its_window_by_one_and_is_then_forgotten() -> None:
    from accounts.tasks import forget_old_rows

    with time_machine.travel(NOON, tick=False) as clock:
        limits.count("try", "a", seconds=60)
        clock.shift(dt.timedelta(seconds=119))
        forget_old_rows()
        assert LimitCounter.objects.count() == 1
        clock.shift(dt.timedelta(seconds=2))
        forget_old_rows()
        assert LimitCounter.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_count_is_lost_among_parallel_requests() -> None:
    def count_ten(_n: int) -> list[int]:
        return [limits.count("try", "everybody", seconds=86_400)[0] for _ in range(10)]

    counted = [value for values in in_parallel(count_ten, 12) for value in values]
    assert sorted(counted) == list(range(1, 121))


@pytest.mark.django_db
def test_too_many_codes_are_answered_with_429_and_when_to_come_back() -> None:
    browser, phone = Client(), str(factories.make_user().phone)
    answers = [browser.post("/m/login/", {"phone": phone}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 15 * 60
    assert answers[-1]["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "198.51.100.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "198.51.100.1"),
        (1, "", "198.51.100.1"),
        (1, " , ,203.0.113.9 ", "203.0.113.9"),
    ],
)
def test_a_caller_is_named_by_trusted_hops_only(settings: Any, proxies: int, forwarded: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.1", headers={"X-Forwarded-For": forwarded})
    assert limits.client_address(request) == address


@pytest.mark.parametrize(
    "address", ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:DB8:1:2:ffff::", "2001:0db8:0001:0002:0:0:0:9"]
)
def test_all_addresses_of_one_ipv6_subscriber_count_as_one(address: str) -> None:
    assert limits.client_address(RequestFactory().get("/", REMOTE_ADDR=address)) == "2001:db8:1:2::"


def test_short_ipv6_addresses_of_one_network_count_as_one_and_others_do_not() -> None:
    def named(address: str) -> str:
        return limits.client_address(RequestFactory().get("/", REMOTE_ADDR=address))

    assert named("2001:db8::1") == named("2001:db8::2") == "2001:db8::"
    assert named("2001:db8:0:1::1") == "2001:db8:0:1::"
    assert named("::ffff:203.0.113.9") == "203.0.113.9"
    assert named("") == ""
