"""Incidents over HTTP: listed for analysts, looked after, and closed."""

from tests.acceptance.test_batch_routes import refused
from tests.fixtures.service import Service


def test_an_analyst_closes_an_incident_once(service: Service) -> None:
    """And it stays known with what it turned out to be."""
    li = service.staff_token("analyst", name="li")
    [(number,)] = service.query(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen)"
        " VALUES ('outflow', 'campaign:made-up', now(), now(), now(), 3)"
        " RETURNING incident_id::text"
    )
    path = "/v1/incidents?kind=outflow&state=open"
    [shown] = service.get(path, li).json()["items"]
    assert (shown["incident_id"], shown["subject"]) == (number, "campaign:made-up")
    assert (shown["seen"], shown["openings"], shown["finding"]) == (3, 1, None)
    noted = {"note": "asking marketing"}
    answer = service.post(f"/v1/incidents/{number}/acknowledgements", noted, li)
    assert answer.json() == {"incident_id": number, "state": "open"}
    closing = {"finding": "false_alarm", "note": "a holiday"}
    closed = service.post(f"/v1/incidents/{number}/closings", closing, li)
    assert (closed.status_code, closed.json()["state"]) == (201, "closed")
    again = service.post(f"/v1/incidents/{number}/closings", closing, li)
    refused(again, 409, "already_closed")
    assert service.get(path, li).json()["items"] == []
    [shown] = service.get("/v1/incidents?kind=outflow&state=closed", li).json()["items"]
    assert (shown["dismissed"], shown["closed_by"], shown["note"]) == (
        *(3, "li"),
        "a holiday",
    )
    refused(service.get("/v1/incidents?cursor=x", li), 422, "invalid_input")
    refused(service.post("/v1/incidents/x/closings", closing, li), 404, "not_found")
