"""What staff tokens may try: so many wrong codes a day, and not which are real."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from core.auth.guesses import WRONG_CODES_A_DAY
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.service import Json, Service

FORGED = "0" * 15 + "2"


def codes_of_others(service: Service) -> list[str]:
    """Give genuine codes of a batch of another line, and forged ones."""
    other = service.issue(5, activate=False, line="line-8")
    return [*service.codes(other), *(f"{number:016d}" for number in range(5))]


def by_activation(service: Service, token: str, batch: Json, code: str) -> str:
    """Name a code in an activation."""
    path = f"/v1/batches/{batch['batch_id']}/activations"
    return service.post(path, {"codes": [code]}, token).text


def by_report(service: Service, token: str, batch: Json, code: str) -> str:
    """Name a code in a line report."""
    row = {"code": code, "status": "printed"}
    report = {"batch_id": batch["batch_id"], "rows": [row]}
    path = "/v1/line-reports?on_error=refuse"
    return service.post(path, report, token).text


def by_packing(service: Service, token: str, _batch: Json, code: str) -> str:
    """Name a code in a carton."""
    unit = {"sscc": "069012340000000016", "codes": [code]}
    return service.post("/v1/logistic-units", {"units": [unit]}, token).text


@pytest.mark.parametrize("name", [by_activation, by_report, by_packing])
def test_a_line_gets_one_answer_for_codes_of_others_and_forged_ones(
    service: Service, name: Callable[[Service, str, Json, str], str]
) -> None:
    """Else it could try codes until one is real, and print that."""
    token = service.staff_token("line", name="Curious", line="line-7")
    batch = service.issue(5, activate=False, line="line-7")
    answers = {
        # Each answer has an id of its own.
        re.sub(r'"request_id":"[^"]*"', "", name(service, token, batch, code))
        for code in codes_of_others(service)
    }
    assert len(answers) == 1


def test_wrong_codes_are_counted_by_token_whatever_the_route(service: Service) -> None:
    """Past a day's tries nothing that names codes is answered; by index it still is."""
    token = service.staff_token("line", name="Guesser")
    batch = service.issue(100, activate=False)
    path = f"/v1/batches/{batch['batch_id']}/activations"
    tries = [f"{number:016d}" for number in range(WRONG_CODES_A_DAY)]
    # A smudge is no try.
    refused(service.post(path, {"codes": ["NOREAD"]}, token), 422, "invalid_input")
    by_report(service, token, batch, tries[0])
    refused(service.post(path, {"codes": tries[:1_998]}, token), 422)

    def send(code: str) -> httpx.Response:
        return service.post(path, {"codes": [code]}, token)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, tries[:4]))
    told = [answer.status_code for answer in answers]
    assert sorted(told) == [422, 429, 429, 429]
    [late, *_] = [answer for answer in answers if answer.status_code == 429]
    assert late.json()["code"] == "too_many_wrong_codes"
    assert 0 < int(late.headers["retry-after"]) <= 86_400
    [right] = service.codes(batch, 0, 0)
    assert send(right).status_code == 429
    by_index = {"from_index": 0, "to_index": 9}
    assert service.post(path, by_index, token).status_code == 201
    token_id = token.split("_")[2]
    incidents = service.query(
        "SELECT seen FROM incidents WHERE kind = 'code_guessing' AND subject = %s",
        f"token:{token_id}",
    )
    assert incidents == [(1,)]


def test_a_request_past_a_days_tries_tells_and_does_nothing(service: Service) -> None:
    """Not even which of its codes are right."""
    token = service.staff_token("line", name="Greedy")
    batch = service.issue(10, activate=False)
    tries = [f"{number:016d}" for number in range(WRONG_CODES_A_DAY + 1)]
    rows = [
        {"code": code, "status": "printed"}
        for code in [*service.codes(batch, 0, 0), *tries]
    ]
    report = {"batch_id": batch["batch_id"], "rows": rows}
    answer = service.post("/v1/line-reports", report, token)
    refused(answer, 429, "too_many_wrong_codes")
    counts = service.get(f"/v1/batches/{batch['batch_id']}/reconciliation", token)
    assert counts.json()["printed"] == 0
