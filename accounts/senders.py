"""In whose name a business sends: what its owner may say about SMS, WhatsApp and e-mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import activity, gsm, wording
from accounts.models import Business, Message, Sender, User


class SenderForm(forms.ModelForm):
    class Meta:
        model = Sender
        fields = ("sms_name", "sms_header", "whatsapp_phone_id", "reply_to")

    def __init__(self, data: Any, business: Business) -> None:
        super().__init__(data, instance=Sender.objects.filter(business=business).first())
        self.fields["sms_name"].widget.attrs["placeholder"] = wording.sms_name(business)
        self.fields["sms_name"].help_text = _("Up to 30 English letters. Empty: as your customers know you, shortened.")
        self.fields["sms_header"].help_text = _(
            "If you have registered a header of your own under DLT, such as RAMKIR."
        )
        self.fields["whatsapp_phone_id"].help_text = _("If your own number is connected to our WhatsApp account.")
        self.fields["reply_to"].help_text = _("Empty: the e-mail address shown to customers.")

    def clean_sms_header(self) -> str:
        return str(self.cleaned_data["sms_header"]).upper()


@transaction.atomic
def change(business: Business, form: SenderForm, by: User) -> None:
    """Keep what the owner has changed; the record names the fields, never their contents."""
    changed = [name for name, value in form.cleaned_data.items() if value != (form.initial.get(name) or "")]
    if changed:
        form.instance.business = business
        form.save()
        activity.record(business, by, "settings_changed", ("business", str(business.pk)), fields=changed)


def example(business: Business) -> tuple[str, gsm.Size]:
    """An SMS as this shop's customers get it, with its size."""
    name = "invoice_share"
    values = {key: variable.sample for key, variable in wording.wordings[name].variables.items()}
    values |= {"business": wording.sms_name(business), "url": f"{settings.SITE_URL}/i/{'0' * 33}"}
    text = wording.fill(name, Message.Channel.SMS, "en", values).body
    return text, gsm.size(text)
