"""What marketers read, by the pages on which they read it."""

from collections.abc import Mapping
from typing import Final

from console.marketing.texts.building import BUILDING_TEXTS
from console.marketing.texts.campaigns import CAMPAIGN_TEXTS
from console.marketing.texts.cards import CARD_TEXTS
from console.marketing.texts.coupons import COUPON_TEXTS
from console.marketing.texts.draws import DRAW_TEXTS
from console.marketing.texts.gifts import GIFT_TEXTS
from console.marketing.texts.given import GIVEN_TEXTS
from console.marketing.texts.programme import PROGRAMME_TEXTS
from console.marketing.texts.words import WORD_TEXTS

MARKETING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **CAMPAIGN_TEXTS,
    **WORD_TEXTS,
    **BUILDING_TEXTS,
    **COUPON_TEXTS,
    **DRAW_TEXTS,
    **CARD_TEXTS,
    **GIFT_TEXTS,
    **GIVEN_TEXTS,
    **PROGRAMME_TEXTS,
}
