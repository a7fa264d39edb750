from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import walls as database_walls
        from ledger import messages, walls

        database_walls.register(*walls.refusals())
        messages.register()
