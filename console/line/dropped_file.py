"""A file that was dropped on a form, or that a page carried on from another form."""

import base64
import binascii
import io
import zlib
from dataclasses import dataclass
from typing import IO, Final

from litestar.datastructures import UploadFile

from console.frame.messages import message
from console.frame.page_request import StaffRequest
from console.frame.responses import AnyRequest
from core.errors import InvalidInput
from core.pages import read_parts

# A page carries what a line usually reports, and no more.
MAX_KEPT: Final = 256 << 10
_MAX_CONTENT: Final = 8 << 20
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """What was dropped, under its name, with the form's other fields."""

    name: str
    content: IO[bytes]
    form: dict[str, str]
    upload: UploadFile | None = None

    async def close(self) -> None:
        """Let the spooled file go."""
        if self.upload is not None:
            await self.upload.close()

    def keep(self) -> str:
        """Write the file so that a page can carry it; empty if it is too large."""
        self.content.seek(0)
        content = self.content.read(_MAX_CONTENT + 1)
        packed = zlib.compress(content) if len(content) <= _MAX_CONTENT else b""
        return base64.b64encode(packed).decode() if len(packed) <= MAX_KEPT else ""


async def read_dropped(
    request: AnyRequest, page: StaffRequest, *options: str
) -> DroppedFile:
    """Read a form with a file, or with one that was kept; raises InvalidInput."""
    file, form = await read_parts(request, page, "file_name", "kept", *options)
    if file is not None and file.filename:
        return DroppedFile(file.filename[:_MAX_NAME], file.file, form, file)
    if not form.get("kept"):
        raise InvalidInput.field("/file", "required", message("no_file"))
    try:
        packed = base64.b64decode(form["kept"], validate=True)
        content = zlib.decompressobj().decompress(packed, _MAX_CONTENT)
    except (binascii.Error, zlib.error):
        raise InvalidInput.field("/file", "required", message("no_file")) from None
    name = form.get("file_name", "")[:_MAX_NAME]
    return DroppedFile(name, io.BytesIO(content), form)
