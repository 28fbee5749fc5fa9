"""GS1 Digital Links and the sets of links that they lead to: pure.

Syntax: GS1 Digital Link URI Syntax 1.4, section 4. Link sets: GS1-Conformant resolver
standard 1.2 and RFC 9264. A link set is about a product and its lot, never about a
serial: it must not tell whether a code exists, which is what the page is for, and the
page counts who guesses.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from codegen.domain.gs1 import Gs1Error, read_gs1_link
from codegen.domain.products import Product
from core.errors import Unparsable
from scan_api.domain.messages import message

LINKSET: Final = "linkset"
LINKSET_MEDIA: Final = "application/linkset+json"
VOCABULARY: Final = "https://ref.gs1.org/voc/"
LINKSET_CONTEXT: Final = "https://ref.gs1.org/standards/resolver/linkset-context"

_DEFAULT: Final = "defaultLink"
_PAGE: Final = "pip"
_VERIFICATION: Final = "verificationService"
_GTIN: Final = "01"
# Qualifiers of a GTIN in their order: consumer product variant, lot and serial, or the
# serial that somebody else than the brand controls.
_QUALIFIERS: Final = ("22", "10", "21", "235")


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """What a link names: a product, perhaps of a lot, perhaps one item."""

    gtin: str
    variant: str | None = None
    lot: str | None = None
    serial: str | None = None
    controlled: str | None = None

    @property
    def path(self) -> str:
        """The link's path, written the one right way."""
        values = (self.variant, self.lot, self.serial, self.controlled)
        qualifiers = "".join(
            f"/{key}/{quote(value, safe='')}"
            for key, value in zip(_QUALIFIERS, values, strict=True)
            if value is not None
        )
        return f"/01/{self.gtin}{qualifiers}"

    @property
    def product_path(self) -> str:
        """The path of the product and its lot, without the item."""
        return DigitalLink(self.gtin, self.variant, self.lot).path


def parse_digital_link(path: str, query: str = "") -> DigitalLink:
    """Read the path and the query of a link to a product, compressed or not.

    `/01/GTIN[/22/V][/10/LOT][/21/SERIAL]` or `/01/GTIN/235/SERIAL`; a last slash is
    tolerated. Raises Unparsable with a sentence that says what is wrong.
    """
    try:
        link = read_gs1_link(path, query)
    except Gs1Error as fault:
        raise Unparsable(fault.detail) from None
    if link.key != _GTIN:
        raise Unparsable(message("not_a_product_link"))
    by_key = dict(link.qualifiers)
    return DigitalLink(link.value, *(by_key.get(key) for key in _QUALIFIERS))


def is_compressed(path: str) -> bool:
    """Tell whether a path can only be a compressed link: it ends without a value."""
    return len(path.strip("/").split("/")) % 2 == 1


def link_set(link: DigitalLink, product: Product, root: str) -> dict[str, Any]:
    """Word the link set of a product; `root` is scheme and host of this resolver.

    The page that judges a cap keeps the serial of the link; nothing here looks at it.
    """
    links = {
        f"{VOCABULARY}{name}": [
            {
                "href": target,
                "title": product.name,
                "type": "text/html",
                "hreflang": ["zh", "en"],
            }
        ]
        for name, target in _targets(link, product, root).items()
    }
    return {
        "linkset": [
            {
                "anchor": f"{root}{link.product_path}",
                "description": product.name,
                **links,
            }
        ]
    }


def find_target(
    link: DigitalLink, product: Product, root: str, link_type: str
) -> str | None:
    """Give where a type of link leads, such as `gs1:pip`; None when it does not."""
    name = link_type.removeprefix("gs1:").removeprefix(VOCABULARY)
    return _targets(link, product, root).get(name)


def describe_resolver(root: str) -> dict[str, Any]:
    """Word the resolver description file of /.well-known/gs1resolver."""
    return {
        "name": "Crowncap",
        "resolverRoot": root,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "jsonLdContextLocation": LINKSET_CONTEXT,
    }


def _targets(link: DigitalLink, product: Product, root: str) -> dict[str, str]:
    page = f"{root}{link.path}"
    targets = {_DEFAULT: page, _VERIFICATION: page}
    if product.page_url is not None:
        targets[_PAGE] = product.page_url
    return targets
