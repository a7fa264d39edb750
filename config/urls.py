"""All addresses: the front page, the merchant under /m/, the customer under /i/, /p/ and /portal/, the operator."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.views.look import theme
from config import views

urlpatterns = [
    path("", views.front, name="front"),
    path("health", views.health, name="health"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path("language/", views.language, name="set_language"),
    path("theme/<str:name>.css", theme, name="theme"),
    path("hooks/", include("accounts.hook_urls")),
    path("m/", include("accounts.urls")),
    path("m/<slug:slug>/", include("ledger.urls")),
    path("m/<slug:slug>/", include("catalog.urls")),
    path("", include("portal.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEBUG or settings.TESTING:
    urlpatterns.append(path("components/", views.components, name="components"))

handler400 = "accounts.views.errors.bad_request"
handler403 = "accounts.views.errors.forbidden"
handler404 = "accounts.views.errors.not_found"
handler500 = "accounts.views.errors.server_error"
