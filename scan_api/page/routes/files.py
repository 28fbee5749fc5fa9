"""The verification files that app platforms ask for."""

from litestar import Response

from core.errors import NotFound
from scan_api.page.desk import PageDesk
from scan_api.page.rendering import TEMPLATES
from scan_api.page.routes.answering import AnyRequest
from scan_api.page.verification import is_verification_name, read_verification
from scan_api.page.visits import PageVisit


def names_file(visit: PageVisit) -> bool:
    """Tell whether a path ends like a verification file."""
    return is_verification_name(visit.path.rpartition("/")[2])


async def show_file(
    _request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    """Serve the file that a path names; raises NotFound."""
    name = visit.path.rpartition("/")[2]
    content = await read_verification(page.settings.data_dir / "verification", name)
    if content is None:
        raise NotFound("There is no such file.")
    return Response(
        content,
        media_type="text/plain",
        headers=TEMPLATES.headers(visit),
    )
