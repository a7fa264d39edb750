from django.urls import path

from accounts.views import hooks

app_name = "hooks"
urlpatterns = [
    path("whatsapp/", hooks.whatsapp, name="whatsapp"),
    path("sms/", hooks.sms, name="sms"),
    path("twilio/", hooks.twilio, name="twilio"),
    path("email/", hooks.email, name="email"),
]
