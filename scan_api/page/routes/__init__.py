"""The page over HTTP: looking is a GET and leaves nothing; claiming is a POST."""

from litestar import Router

from scan_api.page.routes import caps, fakes, home, links, logos, odds, roots, signing

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
        roots.show_root,
    ],
)
