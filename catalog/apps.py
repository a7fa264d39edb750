from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from accounts import walls

        walls.register(
            walls.Refusal(
                name="stock_movement_is_append_only",
                table="catalog_stockmovement",
                events=("UPDATE", "DELETE"),
                says="stock movements are append-only",
            )
        )
