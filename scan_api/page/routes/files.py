"""The verification files that app platforms ask for."""

from litestar import Response

from core.errors import NotFound
from scan_api.domain.messages import message
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES
from scan_api.page.routes.responses import AnyRequest
from scan_api.page.verification import is_verification_name, read_verification


def names_file(page: MemberRequest) -> bool:
    """Tell whether a path ends like a verification file."""
    return is_verification_name(page.path.rpartition("/")[2])


async def show_file(
    _request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    """Serve the file that a path names; raises NotFound."""
    name = page.path.rpartition("/")[2]
    content = await read_verification(context.settings.data_dir / "verification", name)
    if content is None:
        raise NotFound(message("no_file"))
    return Response(
        content,
        media_type="text/plain",
        headers=TEMPLATES.headers(page),
    )
