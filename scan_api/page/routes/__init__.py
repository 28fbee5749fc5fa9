"""The page over HTTP: looking is a GET and leaves nothing; claims are asked by POST."""

from litestar import Router

from scan_api.page.routes import (
    caps,
    cards,
    draws,
    fakes,
    gifts,
    home,
    links,
    logos,
    odds,
    payees,
    points,
    prizes,
    roots,
    signing,
    wallet,
)

ROUTER = Router(
    path="/",
    route_handlers=[
        caps.show_cap,
        caps.claim_cap,
        links.open_link,
        links.describe_resolver,
        home.show_home,
        signing.show_sign_in,
        signing.sign_in,
        signing.sign_out,
        fakes.show_report_form,
        fakes.report_fake,
        logos.show_logo,
        odds.show_odds,
        wallet.show_wallet,
        wallet.show_coupon,
        points.show_points,
        cards.show_cards,
        draws.show_public_draw,
        draws.take_part,
        gifts.show_gift,
        gifts.take_gift,
        gifts.show_claimable,
        gifts.take_claimable,
        payees.show_payee,
        payees.name_payee,
        prizes.show_prize,
        prizes.take_prize,
        roots.show_root,
    ],
)
