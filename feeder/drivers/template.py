"""A line protocol that a TOML file describes, for lasers and coders."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from core.errors import InvalidInput
from feeder.codes import Code
from feeder.drivers.labels import readable_code
from feeder.drivers.patterns import (
    PatternError,
    answer_pattern,
    control_characters,
    placeholders,
)
from feeder.printer_replies import (
    UNKNOWN,
    Answer,
    Printed,
    Readiness,
    Refused,
    Status,
)

_LONGEST_LINE: Final = 4096
_FIELDS: Final = frozenset({"index", "link", "code"})
_FULL: Final = "full"


class FramePart(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is sent for a code: prefix, field, suffix; `escape` is put in the field."""

    field: str = "{index}|{link}"
    prefix: str = "<STX>"
    suffix: str = "<CR>"
    escape: dict[str, str] = msgspec.field(default_factory=dict)


class AnswersPart(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the printer says, each without the terminator that ends it."""

    terminator: str = "<CR>"
    printed: str = ""
    refused: str = ""
    status: str = ""


class StatusPart(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to ask, which words mean ready, and whether it prints in order."""

    query: str = ""
    ready: tuple[str, ...] = ("ready", "printing")
    in_order: bool = False


class TemplateFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A template file as it is written."""

    frame: FramePart
    answers: AnswersPart
    status: StatusPart = StatusPart()
    name: str = "line protocol"
    encoding: str = "ascii"


GENERIC: Final = TemplateFile(
    frame=FramePart(),
    answers=AnswersPart(
        printed="<ACK>{index}",
        refused="<NAK>{index}",
        status="S {waiting},{last_index},{state}",
    ),
    status=StatusPart(query="S?<CR>", in_order=True),
    name="generic line protocol",
)


@dataclass(frozen=True, slots=True)
class Template:
    """A template file that was found to make sense."""

    name: str
    encoding: str
    prefix: str
    field: str
    suffix: str
    escapes: dict[int, str]
    terminator: bytes
    printed: re.Pattern[bytes] | None
    refused: re.Pattern[bytes] | None
    status: re.Pattern[bytes] | None
    tells_index: bool
    query: bytes
    ready: frozenset[str]
    in_order: bool


def read_template(path: Path | None) -> Template:
    """Read and check a template file; without a path, the generic one."""
    if path is None:
        return check_template(GENERIC)
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return check_template(msgspec.convert(content, TemplateFile))
    except OSError as error:
        raise InvalidInput(
            f"The template {path} cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The template {path} is not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The template {path} is wrong: {error}.") from error
    except PatternError as error:
        raise InvalidInput(f"The template {path} is wrong: {error}") from error


def check_template(file: TemplateFile) -> Template:
    """Make sense of a template file; raises PatternError with one sentence."""
    try:
        "".encode(file.encoding)
    except LookupError:
        raise PatternError(f"There is no encoding {file.encoding!r}.") from None
    named = placeholders(file.frame.field)
    if not {"link", "code"} & set(named) or set(named) - _FIELDS:
        raise PatternError("The field has {link} or {code}, and perhaps {index}.")
    if not file.frame.suffix:
        raise PatternError("Give a suffix, by which the end of a frame is seen.")
    if not file.answers.terminator:
        raise PatternError("Give a terminator, by which an answer's end is seen.")
    _check_answers(file)
    if any(len(key) != 1 for key in file.frame.escape):
        raise PatternError("What is escaped is one character each.")
    try:
        return Template(
            name=file.name,
            encoding=file.encoding,
            prefix=control_characters(file.frame.prefix),
            field=file.frame.field,
            suffix=control_characters(file.frame.suffix),
            escapes={
                ord(key): control_characters(value)
                for key, value in file.frame.escape.items()
            },
            terminator=control_characters(file.answers.terminator).encode(
                file.encoding
            ),
            printed=_pattern(file.answers.printed, file.encoding),
            refused=_pattern(file.answers.refused, file.encoding),
            status=_pattern(file.answers.status, file.encoding),
            tells_index="last_index" in placeholders(file.answers.status),
            query=control_characters(file.status.query).encode(file.encoding),
            ready=frozenset(file.status.ready),
            in_order=file.status.in_order,
        )
    except UnicodeEncodeError as error:
        raise PatternError(
            f"It has characters that {file.encoding} lacks: {error}."
        ) from None


def _check_answers(file: TemplateFile) -> None:
    answers = file.answers
    status_names = set(placeholders(answers.status))
    if bool(file.status.query) is not bool(answers.status):
        raise PatternError("A query and the text of its answer go together.")
    if answers.printed and "index" not in placeholders(answers.printed):
        raise PatternError("The answer for a printed code has {index}.")
    if answers.refused and "index" not in placeholders(answers.refused):
        raise PatternError("The answer for a refused code has {index}.")
    if not answers.printed and not status_names & {"last_index", "waiting"}:
        raise PatternError(
            "Nothing says what is printed: give answers.printed, or a status with "
            "{last_index} or {waiting}."
        )
    if not answers.printed and not file.status.in_order:
        raise PatternError("A status tells what is printed only with in_order = true.")
    if answers.printed and "{index}" not in file.frame.field:
        raise PatternError("A printer that is to echo {index} is sent it in the field.")


def _pattern(text: str, encoding: str) -> re.Pattern[bytes] | None:
    return answer_pattern(text, encoding) if text else None


class TemplateDriver:
    """Speaks as a template says."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._tail = b""

    @property
    def name(self) -> str:
        """The protocol's name."""
        return self._template.name

    @property
    def remembers_indexes(self) -> bool:
        """Whether its status names the index printed last."""
        return self._template.tells_index and bool(self._template.query)

    @property
    def prints_in_order(self) -> bool:
        """Whether an index printed last speaks for all before it."""
        return self._template.in_order

    @property
    def infers_from_waiting(self) -> bool:
        """Whether nothing but a count of waiting codes says what is printed."""
        return self._template.printed is None and not self._template.tells_index

    def begin(self) -> bytes:
        """Forget half an answer; a connection begins with nothing special."""
        self._tail = b""
        return b""

    def frame(self, code: Code) -> bytes:
        """Write one code; raises InvalidInput when the encoding lacks a character."""
        template = self._template
        values = {
            "index": str(code.index),
            "link": code.link.translate(template.escapes),
            "code": readable_code(code.link),
        }
        field = template.field
        for name, value in values.items():
            field = field.replace(f"{{{name}}}", value)
        field = control_characters(field) if "<" in template.field else field
        if template.suffix in field or "\r" in code.link or "\n" in code.link:
            raise InvalidInput(
                f"The code of index {code.index} contains what ends a frame."
            )
        try:
            text = template.prefix + field + template.suffix
            return text.encode(template.encoding)
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"{template.encoding} cannot write the link of index {code.index}."
            ) from error

    def query(self) -> bytes:
        """Ask for the status, if the printer can be asked."""
        return self._template.query

    def end_half_frame(self) -> bytes:
        """Say nothing: printers drop frames that are cut off."""
        return b""

    def read(self, received: bytes) -> list[Answer]:
        """Read whole lines; what no pattern fits is noise."""
        *lines, tail = (self._tail + received).split(self._template.terminator)
        self._tail = tail[-_LONGEST_LINE:]
        return [answer for line in lines if (answer := self._answer(line)) is not None]

    def _answer(self, line: bytes) -> Answer | None:
        template = self._template
        if template.printed and (match := template.printed.search(line)):
            return Printed(int(match["index"]))
        if template.refused and (match := template.refused.search(line)):
            found = match.groupdict()
            reason = found.get("text") or found.get("state") or b"refused"
            return Refused(int(match["index"]), reason.decode("ascii"))
        if template.status and (match := template.status.search(line)):
            return self._status(match.groupdict())
        return None

    def _status(self, found: dict[str, bytes | None]) -> Status:
        state = (found.get("state") or b"").decode("ascii").lower()
        if not state or state in self._template.ready:
            readiness = Readiness.READY
        else:
            readiness = Readiness.FULL if state == _FULL else Readiness.FAULT
        waiting, last = found.get("waiting"), found.get("last_index")
        return Status(
            readiness=readiness,
            waiting=UNKNOWN if waiting is None else int(waiting),
            last_index=UNKNOWN if last is None or last == b"-" else int(last),
            detail="" if readiness is Readiness.READY else state,
        )
