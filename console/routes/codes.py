"""Single caps: which one it is, and its life on one page."""

from litestar import Response
from litestar.enums import HttpMethod

from codegen.pipeline import find_codes, get_batch
from codegen.pipeline.lookup import INVALID
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.pipeline.biography import write_biography
from console.rendering import HOME, TEMPLATES, render
from console.routes.batches import VIEWERS
from console.visits import StaffVisit
from core.auth import Role
from core.auth.audit import record_action
from core.pages import read_form

MAX_TYPED = 300


@room(HttpMethod.GET, "/codes", *VIEWERS)
async def ask_for_code(
    _request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Ask which cap."""
    return render(desk, visit, "codes.html", found=None, typed="")


@room(HttpMethod.POST, "/codes", *VIEWERS)
async def find_code(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Lead to a cap by its code. The code is a bearer secret: it enters no address."""
    form = await read_form(request, visit, "code")
    typed = form.get("code", "").strip()[:MAX_TYPED]
    async with desk.engine.connect() as conn:
        (found,) = await find_codes(conn, desk.keys, [typed], visit.staff)
    if found.batch is not None:
        path = f"{HOME}/batches/{found.batch.batch_id}/codes/{found.index}"
        return TEMPLATES.redirect(visit, path)
    status = 422 if found.state == INVALID else 404
    return render(desk, visit, "codes.html", status=status, found=found, typed=typed)


@room(HttpMethod.GET, "/batches/{batch_id:int}/codes/{index:int}", *VIEWERS)
async def show_code(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show the life of a cap; who claimed it is told to analysts and support only.

    Who looked is written down, since it is a consumer's life too.
    """
    batch_id, index = (request.path_params[name] for name in ("batch_id", "index"))
    async with desk.engine.begin() as conn:
        batch = await get_batch(conn, batch_id, visit.staff)
        life = await write_biography(conn, batch, index)
        await record_action(
            conn,
            visit.staff,
            action="code.look",
            subject=f"batch:{batch_id}",
            detail={"index": index},
            now=desk.now,
        )
    return render(
        desk,
        visit,
        "code.html",
        life=life,
        shows_member=visit.may(Role.ANALYST, Role.SUPPORT),
    )
