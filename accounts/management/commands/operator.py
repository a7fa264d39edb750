"""Makes an operator: a user for /admin/ with a password and an authenticator app, whose secret is shown once."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import phones
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Make or renew an operator, who signs in at /admin/ with number, password and authenticator app. "
        "Asks for the password; prints the otpauth address once: put it into the app (or a QR code of it)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("phone", help="mobile number, such as +919876543210")
        parser.add_argument("--name", default="Operator")
        parser.add_argument("--new-device", action="store_true", help="end the authenticator there is, make another")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            phone = phones.parse_mobile(options["phone"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        user = User.objects.filter(phone=phone).first()
        if user and not options["new_device"] and TOTPDevice.objects.filter(user=user, confirmed=True).exists():
            raise CommandError("This operator has an authenticator already; --new-device ends it and makes another.")
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        device = self._make(user, phone, options["name"], password)
        self.stdout.write(
            f"{phone} may sign in at /admin/. Put this into the authenticator app; it is not shown again:"
        )
        self.stdout.write(device.config_url)

    @transaction.atomic
    def _make(self, user: User | None, phone: str, name: str, password: str) -> TOTPDevice:
        if user is None:
            user = User.objects.create_superuser(phone=phone, password=password, name=name)
        else:
            user.is_staff = user.is_superuser = user.is_active = True
            user.set_password(password)
            user.save()
        TOTPDevice.objects.filter(user=user).delete()
        device: TOTPDevice = TOTPDevice.objects.create(user=user, name="authenticator", confirmed=True)
        return device
