"""A merchant's colour can be read, on white and behind white."""

import pytest

from accounts.colours import WHITE, contrast, readable


@pytest.mark.parametrize(
    ("a", "b", "ratio"),
    [("#000000", WHITE, 21.0), (WHITE, WHITE, 1.0), ("#777777", WHITE, 4.48), ("#ff0000", WHITE, 4.0)],
)
def test_contrast_is_as_wcag_counts_it(a, b, ratio):
    assert round(contrast(a, b), 2) == ratio
    assert contrast(a, b) == contrast(b, a)


@pytest.mark.parametrize("colour", ["#9f1d2d", "#000000", "#1a4d8f"])
def test_a_readable_colour_stays_as_it_is(colour):
    assert readable(colour) == colour


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#ff8800", "#00ff7f", "#777777"])
def test_a_light_colour_is_darkened_just_enough(colour):
    made = readable(colour)
    assert 4.5 <= contrast(made, WHITE) < 4.8
    assert readable(made) == made


def test_darkening_keeps_the_hue():
    made = readable("#ff8800")
    assert made[5:] == "00"
    assert int(made[1:3], 16) > int(made[3:5], 16) > 0


@pytest.mark.parametrize("wrong", ["", "red", "#fff", "#12345", "#gggggg", "9f1d2d0"])
def test_anything_else_is_no_colour(wrong):
    with pytest.raises(ValueError, match=r"colour|invalid literal"):
        contrast(wrong, WHITE)
