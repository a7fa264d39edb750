from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import asking, checks, forms, messages, notices, optouts, walls

        forms.speak_plainly()
        messages.register()
        notices.register()
        optouts.register()
        walls.register(
            walls.Refusal(
                name="activity_is_append_only",
                table="accounts_activity",
                events=("UPDATE", "DELETE"),
                says="activity is append-only",
            ),
            asking.refusal(),
        )
        pre_migrate.connect(walls.remove_before_migrate, dispatch_uid="accounts.walls")
        post_migrate.connect(walls.install_after_migrate, dispatch_uid="accounts.walls")
        checks.register()
