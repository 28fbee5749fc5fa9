"""The contract told is the contract kept: a client made of it does the work."""

import contextlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crowncap.demo import GTIN
from tests.fixtures.cartons import fresh_sscc
from tests.fixtures.service import Json, Service

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
# What it makes of a file that is sent; and it need not be pretty.
CONFIG = """
content_type_overrides:
  text/csv: application/octet-stream
  application/jsonl: application/octet-stream
post_hooks: []
"""
NAME = "typed_client"
# Asked without a token.
FOR_ANYBODY = {"showDraw", "downloadDraw", "hearNotice"}


@pytest.fixture(scope="module")
def document(service: Service) -> Json:
    """Ask for the API's own document."""
    answer = service.get("/schema/openapi.json")
    assert answer.status_code == 200
    told: Json = answer.json()
    return told


@pytest.fixture(scope="module")
def made(
    document: Json, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.CompletedProcess[str]]:
    """Make a client of the document, and let it be imported."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "document.json").write_text(json.dumps(document))
    (folder / "config.yaml").write_text(CONFIG)
    done = subprocess.run(
        [
            *(GENERATOR, "generate", "--path", "document.json", "--meta", "none"),
            *("--config", "config.yaml", "--output-path", NAME),
        ],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    sys.path.insert(0, str(folder))
    yield done
    sys.path.remove(str(folder))


class Client:
    """The client that was made, as one caller."""

    def __init__(self, service: Service, token: str) -> None:
        client: Any = importlib.import_module(f"{NAME}.client")
        self.models: Any = importlib.import_module(f"{NAME}.models")
        self._caller = client.AuthenticatedClient(
            base_url=service.base_url, token=token, timeout=30
        )

    def call(self, module: str, **arguments: Any) -> Any:
        """Call an operation; gives the typed answer."""
        operation = importlib.import_module(f"{NAME}.api.{module}")
        return operation.sync(client=self._caller, **arguments)

    def close(self) -> None:
        """Let go of its connections."""
        self._caller.get_httpx_client().close()


def test_a_client_is_made_of_the_whole_document(
    made: subprocess.CompletedProcess[str], document: Json
) -> None:
    """Not one answer is left out, and nothing is warned of."""
    assert made.returncode == 0, made.stderr
    assert "WARNING" not in made.stdout + made.stderr, made.stdout
    operations = sum(len(methods) for methods in document["paths"].values())
    assert operations > 35


def test_the_typed_client_does_a_days_work(
    service: Service, made: subprocess.CompletedProcess[str]
) -> None:
    """Issue, order, approve, pack, report, activate, scan, recall: all are typed."""
    assert made.returncode == 0, made.stderr
    second = service.staff_token("issuer", name="bob-of-client")
    tokens = (service.issuer, second, service.staff("line"))
    with contextlib.ExitStack() as open_:
        callers = [Client(service, token) for token in tokens]
        for caller in callers:
            open_.callback(caller.close)
        do_a_days_work(service, *callers)


def do_a_days_work(service: Service, ann: Client, bob: Client, lin: Client) -> None:
    """Issue as Ann, approve as Bob, run the line as Lin."""
    kinds = ann.models
    order = kinds.NewBatch(quantity=100, gtin=GTIN)
    batch = ann.call("batches.issue_batch", body=order, idempotency_key="k-1")
    assert isinstance(batch, kinds.BatchView)
    number = batch.batch_id
    wish = kinds.NewPackage(preset=kinds.Preset.CSV, to_index=49, from_index=0)
    package = ann.call("packages.order_package", batch_id=number, body=wish)
    assert isinstance(package, kinds.PackageView)
    approved = bob.call("packages.approve_package", package_id=package.package_id)
    assert approved.approved_by == "bob-of-client"
    row = kinds.JsonRow(status="printed", from_index=0, to_index=9)
    report = kinds.JsonReport(batch_id=number, rows=[row])
    counted = lin.call("line_reports.add_report", body=report)
    assert isinstance(counted, kinds.ReportAnswer)
    assert counted.printed == 10
    accounted = lin.call("line_reports.show_reconciliation", batch_id=number)
    assert accounted.unprinted == 90
    span = kinds.Span(batch_id=number, from_index=0, to_index=9)
    unit = kinds.NewLogisticUnit(sscc=fresh_sscc(), contents=[span])
    packed = lin.call("logistics.pack_units", body=kinds.NewUnits(units=[unit]))
    shown = lin.call("logistics.show_unit", sscc=packed.units[0].sscc)
    assert isinstance(shown, kinds.UnitView)
    active = lin.call(
        "batches.activate_codes", batch_id=number, body=kinds.Activation()
    )
    assert isinstance(active, kinds.Activated)
    code = service.codes(batch.to_dict(), 0, 0)
    scanned = ann.call("scans.scan_code", body=kinds.ScanBody(code=code[0]))
    assert isinstance(scanned, kinds.ScanAnswer)
    asked = kinds.NewRecall(
        reason="glass", instructions="bring it back", batch_id=number
    )
    recall = ann.call("recalls.request_recall", body=asked)
    done = bob.call("recalls.approve_recall", recall_id=recall.recall_id)
    assert isinstance(done, kinds.RecallApproved)
    wrong = ann.call("batches.issue_batch", body=kinds.NewBatch(quantity=-1))
    assert isinstance(wrong, kinds.Problem)
    assert wrong.errors[0].pointer == "/quantity"


def test_each_name_in_the_document_is_a_thing(document: Json) -> None:
    """Operations are called what they do, schemas what they are, never by module."""
    for name in document["components"]["schemas"]:
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
    for methods in document["paths"].values():
        for operation in methods.values():
            assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation["operationId"])


def test_each_right_answer_has_a_shape_and_each_wrong_one_is_a_problem(
    document: Json,
) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                where = f"{method} {path} {status}"
                for media, content in answer["content"].items():
                    schema = content["schema"]
                    if status >= "400":
                        assert media == "application/problem+json", where
                        assert schema["$ref"].endswith("/Problem"), where
                    else:
                        assert "$ref" in schema or "format" in schema, where
            assert {"422", "429", "500", "503"} <= operation["responses"].keys()
            asks = operation["operationId"] not in FOR_ANYBODY
            assert ("security" in operation) is asks, path
