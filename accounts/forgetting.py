"""Forgetting who used a number: their login, where nothing else of the service needs it."""

from django.db import transaction

from accounts.models import Device, PartyPerson, User


@transaction.atomic
def forget_user(phone: str) -> bool:
    """Erase the login behind a number (E.164): devices, name, e-mail, and the number itself. False where it is still
    needed: saved on another party, or of somebody who keeps a book or runs the service.

    The row stays, as what its owner did names it; its number becomes one that nobody can have (+911 and its id), so
    that whoever gets the number later begins as a new person.
    """
    user = User.objects.select_for_update().filter(phone=phone).first()
    if user is None or user.is_staff or user.memberships.exists():
        return False
    if PartyPerson.objects.filter(phone=phone).exists():
        return False
    Device.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(
        phone=f"+911{user.pk:09d}", name="", email="", language="", is_active=False, consented_at=None
    )
    return True
