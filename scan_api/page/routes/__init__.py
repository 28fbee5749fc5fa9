"""The page over HTTP: looking is a GET and leaves nothing; claims are asked by POST."""

from litestar import Router

from scan_api.page.routes import (
    caps,
    fakes,
    gifts,
    home,
    links,
    logos,
    odds,
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
        gifts.show_gift,
        gifts.take_gift,
        roots.show_root,
    ],
)
