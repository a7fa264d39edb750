from django.urls import path

from accounts.views import businesses, door, look, messages, notices, sender, team

app_name = "accounts"
urlpatterns = [
    path("", businesses.business_list, name="businesses"),
    path("login/", door.login, name="login"),
    path("login/code/", door.login_code, name="login_code"),
    path("login/again/", door.login_again, name="login_again"),
    path("signup/", door.signup, name="signup"),
    path("logout/", door.logout, name="logout"),
    path("new/", businesses.business_new, name="business_new"),
    path("<slug:slug>/settings/", businesses.settings, name="settings"),
    path("<slug:slug>/settings/team/", team.team_page, name="team"),
    path("<slug:slug>/settings/team/role/", team.team_role, name="team_role"),
    path("<slug:slug>/settings/team/remove/", team.team_remove, name="team_remove"),
    path("<slug:slug>/settings/look/", look.look, name="look"),
    path("<slug:slug>/settings/look/logo", look.logo, name="logo"),
    path("<slug:slug>/news/", notices.notice_list, name="notices"),
    path("<slug:slug>/news/seen/", notices.notices_seen, name="notices_seen"),
    path("<slug:slug>/news/by/", notices.notify_me, name="notify_me"),
    path("<slug:slug>/messages/", messages.message_list, name="messages"),
    path("<slug:slug>/messages/<slug:sent>/again/", messages.message_again, name="message_again"),
    path("<slug:slug>/settings/messages/", sender.sender, name="sender"),
]
