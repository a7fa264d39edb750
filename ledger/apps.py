from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import drainer
        from accounts import walls as database_walls
        from ledger import fresh, messages, news, tasks, walls
        from ledger.reminders import texts

        drainer.each_hour(tasks.forget_old_papers)
        drainer.each_hour(tasks.forget_old_comparisons)
        database_walls.register(*walls.refusals())
        drainer.each_minute(tasks.remind)
        messages.register()
        fresh.register()
        news.register()
        texts.register()
