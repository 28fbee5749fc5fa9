"""What went wrong with a command, as sentences that an operator can act on."""

from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from core.db import why_away
from core.errors import Fault, FieldError, MisconfiguredError
from core.terminal import printable
from crowncap.backup import BackupError
from crowncap.cli.shell import errors
from crowncap.data_dir import explain_permission
from crowncap.embedded import EmbeddedServerError
from printer_export.files.writing import ExportWriteError

# Their words are written for operators.
_SENTENCES: Final = (
    MisconfiguredError,
    EmbeddedServerError,
    ExportWriteError,
    BackupError,
)


def tell(fault: Exception) -> bool:
    """Print a fault to standard error; False for one that is a mistake of ours."""
    sentences = _sentences(fault)
    for sentence in dict.fromkeys(sentences):
        text = printable(sentence)
        errors.print(text, style="red", markup=False, soft_wrap=True)
    return bool(sentences)


def _sentences(fault: Exception) -> list[str]:
    match fault:
        case Fault():
            return [_sentence_of(error) for error in fault.errors] or [fault.detail]
        case PermissionError():
            return [explain_permission(fault)]
        case OperationalError() | psycopg.OperationalError():
            return [f"Cannot reach the database: {why_away(fault)}"]
        case DBAPIError():
            return [f"The database refused: {why_away(fault)}"]
    return [str(fault)] if isinstance(fault, _SENTENCES) else []


def _sentence_of(error: FieldError) -> str:
    """Name the option or argument, unless the sentence does."""
    parts = error.pointer.split("/")
    name = " ".join(part for part in parts if part and not part.isdigit())
    if not name or name.lower() in error.detail.lower():
        return error.detail
    return f"{name}: {error.detail}"
