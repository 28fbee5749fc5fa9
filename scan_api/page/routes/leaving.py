"""From a button of this site to where its members sign in, perhaps another site."""

from litestar import Response

from core.pages.guard import local_path
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.sign_in import SignInKind


def lead_to_sign_in(context: PageContext, page: MemberRequest) -> Response[bytes]:
    """Lead on from a form that was sent here; who has no sign-in stays on the page."""
    link = context.sign_in.link(page.path)
    if link is None or context.sign_in.kind is SignInKind.DEMO:
        return TEMPLATES.redirect(page, link or local_path(page.path))
    # A form may lead to no other site, and browsers apply that to where it is sent on
    # (CSP 3, form-action); a page that is left at once may.
    return render(
        context, page, "leaving.html", headers={"refresh": f"0; url={link}"}, to=link
    )
