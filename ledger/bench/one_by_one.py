"""The usual way to send messages with Celery, to compare with: one task per message, every Celery setting its default.

`celery -A ledger.bench.one_by_one worker`, as started by `manage.py bench_messages` only. The same outbox, texts and
gateways as ours; only the task and the worker differ.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("one_by_one", broker=os.environ.get("REDIS_URL", "memory://"), set_as_current=False)
app.conf.task_default_queue = "one-by-one"


@app.task
def deliver(message_id: int) -> None:
    from accounts import delivery

    delivery.deliver(message_id)
