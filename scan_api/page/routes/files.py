"""The verification files that app platforms ask for."""

from litestar import Response, get
from litestar.exceptions import NotFoundException

from core.errors import NotFound
from scan_api.page.desk import PageDesk
from scan_api.page.rendering import TEMPLATES
from scan_api.page.routes.answering import AnyRequest, Desk, answer
from scan_api.page.verification import is_verification_name, read_verification
from scan_api.page.visits import PageVisit


@get("/{name:str}", include_in_schema=False)
async def show_verification(
    request: AnyRequest, page: Desk, name: str
) -> Response[bytes]:
    """Serve a verification file at the root; any other name is unknown."""
    if not is_verification_name(name):
        raise NotFoundException
    return await answer(request, page, show_file)


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
