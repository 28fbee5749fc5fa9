"""Whatever goes wrong behind a door is one fault, for programs and for people."""

from typing import Any

import psycopg
import pytest
from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.testing import RequestFactory
from sqlalchemy.exc import DataError, OperationalError
from structlog.testing import capture_logs

from core.doors import fault_behind
from core.errors import Conflict, Fault, InvalidInput, NotFound, Unavailable
from core.messages import say


@pytest.fixture
def request_here() -> Request[Any, Any, Any]:
    """Give a request of whatever address."""
    return RequestFactory().get("/anywhere")


def test_a_fault_is_told_as_it_is(request_here: Request[Any, Any, Any]) -> None:
    fault = Conflict("There is one already.")
    with capture_logs() as logged:
        assert fault_behind(request_here, fault) is fault
    assert logged == []


@pytest.mark.parametrize(
    ("raised", "kind", "events"),
    [
        (NotFoundException(), NotFound, []),
        (
            OperationalError("", {}, psycopg.OperationalError()),
            Unavailable,
            ["database_away"],
        ),
        (DataError("", {}, psycopg.DataError()), InvalidInput, ["unstorable"]),
        (KeyError("ours"), Fault, ["unexpected"]),
    ],
)
def test_what_no_caller_could_mend_is_logged(
    request_here: Request[Any, Any, Any],
    raised: Exception,
    kind: type[Fault],
    events: list[str],
) -> None:
    """And told in a sentence that names nothing of it, in both languages."""
    with capture_logs() as logged:
        fault = fault_behind(request_here, raised)
    assert type(fault) is kind
    assert say("zh", fault.detail) != fault.detail
    assert "ours" not in fault.detail
    assert [entry["event"] for entry in logged] == events
