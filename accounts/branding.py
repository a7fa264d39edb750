"""How a business's papers look: logo, signature, colour, style. Living data: old papers get the look of today."""

import io
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy
from PIL import Image as Pillow

from accounts import activity, images
from accounts.colours import USUAL, readable
from accounts.images import Encoded, PictureField
from accounts.models import Business, Image, User
from accounts.validators import validate_colour

# A logo goes over the wire with every invoice page, which weighs 60 kB at most with all it loads.
LOGO_BYTES, SIGNATURE_BYTES = 10_000, 20_000
LOGO_SIDE, SIGNATURE_SIDE = 400, 600
_PICTURES = ("logo", "signature")


class LookForm(forms.Form):
    logo = PictureField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("JPEG, PNG or WEBP, at most 8 MB. Best on white or without a background."),
    )
    without_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)
    signature = PictureField(
        label=gettext_lazy("Signature"),
        required=False,
        help_text=gettext_lazy("A photo of it on white paper. Printed on the PDF only, above “Authorised signatory”."),
    )
    without_signature = forms.BooleanField(label=gettext_lazy("Remove the signature"), required=False)
    has_colour = forms.BooleanField(label=gettext_lazy("Use our own colour"), required=False)
    colour = forms.CharField(
        label=gettext_lazy("Colour"),
        required=False,
        validators=[validate_colour],
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=gettext_lazy("Buttons, links and the head of the paper wear it instead of the red."),
    )
    paper_style = forms.ChoiceField(
        label=gettext_lazy("Style of the PDF"), choices=Business.PaperStyle.choices, widget=forms.RadioSelect
    )

    def __init__(self, data: Any, files: Any, business: Business) -> None:
        initial = {
            "has_colour": bool(business.colour),
            "colour": business.colour or USUAL,
            "paper_style": business.paper_style,
        }
        super().__init__(data, files, initial=initial)
        for name in _PICTURES:
            if getattr(business, f"{name}_id") is None:
                del self.fields[f"without_{name}"]

    def clean_colour(self) -> str:
        return str(self.cleaned_data["colour"]).lower()

    def clean_logo(self) -> Encoded | None:
        return lightened(self.cleaned_data["logo"], LOGO_SIDE, LOGO_BYTES)

    def clean_signature(self) -> Encoded | None:
        return lightened(self.cleaned_data["signature"], SIGNATURE_SIDE, SIGNATURE_BYTES)

    def chosen_colour(self) -> str:
        """The colour as chosen, or "" for the usual one. Who picks another colour means it, ticked or not."""
        said = self.cleaned_data
        return str(said["colour"]) if said["has_colour"] or "colour" in self.changed_data else ""


def lightened(picture: Encoded | None, side: int, most_bytes: int) -> Encoded | None:
    """The picture at most `side` pixels a side and `most_bytes` heavy: coarser first, then smaller."""
    if picture is None:
        return None
    while True:
        image = Pillow.open(io.BytesIO(picture.data), formats=["WEBP"])
        image.thumbnail((side, side))
        for quality in (85, 70, 55):
            out = io.BytesIO()
            image.save(out, "WEBP", quality=quality, method=4, exif=b"", icc_profile=b"")
            if out.tell() <= most_bytes:
                return Encoded(out.getvalue(), image.width, image.height)
        side = side * 3 // 4


@transaction.atomic
def change(business: Business, said: dict[str, Any], by: User) -> list[str]:
    """Keep what an owner chose in a valid LookForm (`colour` as it is to be used); returns the names that changed.

    A picture that another one replaces is deleted. `business` is brought up to date.
    """
    kept = Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    wanted: dict[str, Any] = {"colour": said["colour"], "paper_style": said["paper_style"]}
    for name in _PICTURES:
        if picture := said.get(name):
            wanted[f"{name}_id"] = images.keep(kept, picture).pk
        elif said.get(f"without_{name}"):
            wanted[f"{name}_id"] = None
    changed = {name: value for name, value in wanted.items() if getattr(kept, name) != value}
    old = [getattr(kept, name) for name in changed if name.endswith("_id")]
    for name, value in changed.items():
        setattr(kept, name, value)
        setattr(business, name, value)
    if changed:
        kept.save(update_fields=[name.removesuffix("_id") for name in changed])
        Image.objects.filter(business=kept, pk__in=[pk for pk in old if pk]).delete()
        fields = sorted(name.removesuffix("_id") for name in changed)
        activity.record(kept, by, "settings_changed", ("business", str(kept.pk)), fields=fields)
    return sorted(changed)


def usable(colour: str) -> str:
    """`colour` (#rrggbb or "") as white letters can stand on it: itself, or the same hue darker."""
    return readable(colour) if colour else ""
