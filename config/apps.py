from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    """The admin is for the operator only: password and a TOTP device (django-otp)."""

    default_site = "accounts.operator_site.OperatorSite"
