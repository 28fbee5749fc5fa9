"""How a brand looks and where it can be reached, on the pages of its caps; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from codegen.domain.messages import message
from core.errors import FieldError

# White text lies on the primary colour, which glows as the page lights it from above.
MIN_CONTRAST: Final = 4.5
_GLOW: Final = 0.18
_WHITE: Final = (255, 255, 255)
# What the page lays lighter colours on in dark mode: its cards, and ink on buttons.
_DARK_CARD: Final = (0x1B, 0x21, 0x2B)
_STEPS: Final = 20
_LINEAR_BELOW: Final = 0.04045
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_HOTLINE: Final = re.compile(r"\+?[0-9]([ -]?[0-9]){2,19}")
_LINK: Final = re.compile(r"https://[!-~]{1,500}")

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class BrandKit:
    """A brand's names, colours and contacts; `logo` names the bytes of its picture."""

    brand: str
    name_zh: str
    name_en: str
    primary: str | None = None
    accent: str | None = None
    hotline: str | None = None
    contact_url: str | None = None
    wechat: str | None = None
    privacy_url: str | None = None
    rules_url: str | None = None
    footer: str | None = None
    logo: str | None = None

    def name_in(self, language: str) -> str:
        """Name the brand."""
        return self.name_zh if language == "zh" else self.name_en

    @property
    def has_contact(self) -> bool:
        """Whether consumers are told where to ask."""
        return any((self.hotline, self.contact_url, self.wechat))

    @property
    def style(self) -> str:
        """Write its colours over those of the page; empty without colours of its own.

        Made of checked colours only, so that nothing else can stand in the style.
        """
        rules = ""
        if self.primary is not None:
            light = read_colour(self.primary)
            deep, bright = write_colour(_mix(light, (0, 0, 0), 0.35)), _for_dark(light)
            rules += (
                f":root{{--blue:{self.primary}}}"
                f".calm{{--tone:{self.primary};--deep:{deep}}}"
                "@media(prefers-color-scheme:dark)"
                f"{{:root{{--blue:{bright};--on-blue:#0b0f16}}}}"
            )
        if self.accent is not None:
            rules += f":root{{--gold:{self.accent}}}"
        return rules


@dataclass(frozen=True, slots=True)
class Brands:
    """The kits of all brands, and the brand whose house this is if there is but one."""

    kits: Mapping[str, BrandKit] = field(default_factory=dict)
    sole: str | None = None

    @classmethod
    def of(cls, brands: Iterable[str], kits: Mapping[str, BrandKit]) -> Self:
        """Put kits and the brands of all products together."""
        names = set(brands) | set(kits)
        return cls(kits, names.pop() if len(names) == 1 else None)

    def kit_of(self, brand: str | None) -> BrandKit | None:
        """Find the kit of a brand; of none, that of the only one."""
        return self.kits.get(brand or self.sole or "")


def check_kit(kit: BrandKit) -> Iterable[FieldError]:
    """Say what is wrong with a kit; texts are bounded where they come in."""
    if kit.primary is not None:
        yield from _check_primary(kit.primary)
    if kit.accent is not None and not _COLOUR.fullmatch(kit.accent):
        yield _not_a_colour("/colours/accent")
    if kit.hotline is not None and not _HOTLINE.fullmatch(kit.hotline):
        detail = message("hotline_form")
        yield FieldError("/hotline", "invalid", detail)
    for name in ("contact_url", "privacy_url", "rules_url"):
        url = getattr(kit, name)
        if url is not None and not _LINK.fullmatch(url):
            detail = message("https_needed")
            yield FieldError(f"/{name}", "invalid", detail)


def _check_primary(colour: str) -> Iterable[FieldError]:
    if not _COLOUR.fullmatch(colour):
        yield _not_a_colour("/colours/primary")
        return
    found = contrast(_WHITE, _mix(read_colour(colour), _WHITE, _GLOW))
    if found < MIN_CONTRAST:
        yield FieldError(
            "/colours/primary",
            "low_contrast",
            message("low_contrast", found=found, least=MIN_CONTRAST),
        )


def _not_a_colour(pointer: str) -> FieldError:
    return FieldError(pointer, "invalid", message("colour_form"))


def read_colour(text: str) -> Rgb:
    """Read `#rrggbb`."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def write_colour(colour: Rgb) -> str:
    """Write `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(one: Rgb, other: Rgb) -> float:
    """Measure the contrast of two colours (WCAG 2.2), from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Rgb) -> float:
    """Measure how light a colour is (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(each / 255) for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Mix a share of another colour into one."""
    red, green, blue = (
        round(mine + (theirs - mine) * share)
        for mine, theirs in zip(one, other, strict=True)
    )
    return red, green, blue


def _for_dark(colour: Rgb) -> str:
    """Lighten a colour until it can be read on the cards of dark mode."""
    for step in range(_STEPS):
        lighter = _mix(colour, _WHITE, step / _STEPS)
        if contrast(lighter, _DARK_CARD) >= MIN_CONTRAST:
            return write_colour(lighter)
    return write_colour(_WHITE)
