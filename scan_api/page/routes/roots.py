"""What stands right behind the host: a verification file, or a compressed link."""

from litestar import Response, route
from litestar.exceptions import NotFoundException

from codegen.domain.gs1 import decompress
from scan_api.page.routes.files import show_file
from scan_api.page.routes.links import look_at_link
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.verification import is_verification_name


@route("/{name:str}", http_method=LOOK, include_in_schema=False)
async def show_root(
    request: AnyRequest, context: Context, name: str
) -> Response[bytes]:
    """Serve a verification file, or open a compressed GS1 Digital Link."""
    if is_verification_name(name):
        return await answer(request, context, show_file)
    if decompress(name) is not None:
        return await look_at_link(request, context)
    raise NotFoundException
