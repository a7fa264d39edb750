"""WHO: users, businesses, parties and their people, login, outbox, activity."""

from accounts.models.business import Business, Membership, Party, PartyPerson
from accounts.models.changes import Change, ChangeCounter
from accounts.models.contact import Notice, OptOut, PartyWish, Quota, Usage
from accounts.models.people import Device, LimitCounter, LoginChallenge, User
from accounts.models.records import Activity, IdempotencyKey, Image
from accounts.models.requests import DataRequest
from accounts.models.sending import Message, Sender

__all__ = [
    "Activity",
    "Business",
    "Change",
    "ChangeCounter",
    "DataRequest",
    "Device",
    "IdempotencyKey",
    "Image",
    "LimitCounter",
    "LoginChallenge",
    "Membership",
    "Message",
    "Notice",
    "OptOut",
    "Party",
    "PartyPerson",
    "PartyWish",
    "Quota",
    "Sender",
    "Usage",
    "User",
]
