"""The measure of sending, in a short form: both ways send everything once, and ours is far ahead even so."""

import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Message
from tests import factories


@pytest.mark.redis
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_batch_worker_is_far_ahead_of_one_task_per_message(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`manage.py bench_messages` without arguments wants a ratio of 20; so few messages are not enough for that."""
    call_command("bench_messages", "--here", messages=500, one_by_one=20, ratio=4.0)
    out = capsys.readouterr().out
    assert re.search(r"Queued 500 messages of 20 shops in \d+\.\d\d s\nour worker: 500 messages in .* a second\n", out)
    assert "tried again" not in out
    assert (Message.objects.filter(status="sent", attempts=1).count(), Message.objects.count()) == (20, 20)


@pytest.mark.django_db
def test_a_book_in_use_is_not_measured_in(settings: pytest.FixtureRequest) -> None:
    factories.make_business()
    with pytest.raises(CommandError):
        call_command("bench_messages", "--here")
