from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import drainer
        from accounts import walls as database_walls
        from ledger import messages, tasks, walls

        drainer.each_hour(tasks.forget_old_papers)
        database_walls.register(*walls.refusals())
        messages.register()
