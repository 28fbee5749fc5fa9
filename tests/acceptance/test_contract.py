"""The document is held against the service by schemathesis; here an excerpt of it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.fixtures.service import Service

PROGRAM: Final = Path(sys.executable).with_name("schemathesis")
CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance,unsupported_method"
)


def test_what_is_asked_for_is_answered_as_the_document_says(
    service: Service, tmp_path: Path
) -> None:
    """Each parameter of each GET at and past its bounds: hundreds of requests."""
    done = subprocess.run(
        [
            *(PROGRAM, "run", f"{service.base_url}/schema/openapi.json"),
            *("-H", f"Authorization: Bearer {service.staff('admin')}"),
            *("--include-method", "GET", "--phases", "coverage", "--seed", "11"),
            *("--checks", CHECKS, "--continue-on-failure", "--no-color"),
            *("--generation-database", "none"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


def test_a_preview_is_200_and_does_nothing(service: Service) -> None:
    """As the document says; 201 is what was done."""
    batch = service.issue(5, activate=False)
    path = f"/v1/batches/{batch['batch_id']}"
    for change, body in (("activations", {}), ("voids", {"reason": "r"})):
        answer = service.post(f"{path}/{change}?preview=true", body, service.issuer)
        assert answer.status_code == 200
        assert answer.json()["would_change"] == 5
    wish = {"batch_id": batch["batch_id"], "reason": "r", "instructions": "i"}
    answer = service.post("/v1/recalls?preview=true", wish, service.issuer)
    assert answer.status_code == 200
    assert service.get(path, service.issuer).json()["counts"]["issued"] == 5
