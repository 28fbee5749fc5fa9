"""One person, unit or brand is one, however it is written at any door."""

import psycopg
import pytest

from codegen.domain.gtin import check_digit
from tests.fixtures.processes import free_port, fresh_address
from tests.fixtures.service import Service

FORM = {"preset": "csv", "encryption": {"kind": "none"}}


def test_four_eyes_are_not_two_spellings(service: Service) -> None:
    """Of a package and of a recall; the token itself is made for the known person."""
    name = f"Ann Lee {free_port()}"
    ann = service.staff_token("issuer", name=name)
    again = service.staff_token("issuer", name=f"  ANN\u200b lee  {name[8:]} ")
    batch = service.issue(10, activate=False, lot=f"L{fresh_address()}")
    path = f"/v1/batches/{batch['batch_id']}/packages"
    package = service.post(path, FORM, ann).json()
    approval = f"/v1/packages/{package['package_id']}/approvals"
    wish = {"lot": batch["lot"], "reason": "glass", "instructions": "Bring it back."}
    recall = service.post("/v1/recalls", wish, ann).json()
    seen = service.get(f"/v1/recalls/{recall['recall_id']}", ann).json()
    for refused in (
        service.post(approval, None, again),
        service.post(
            f"/v1/recalls/{recall['recall_id']}/approvals",
            {"digest": seen["digest"]},
            again,
        ),
    ):
        assert refused.json()["code"] == "second_person_needed", refused.text
    known = service.query("SELECT person FROM staff_tokens WHERE person LIKE %s", name)
    assert known == [(name,), (name,)]
    with pytest.raises(psycopg.errors.CheckViolation, match="two_persons_package"):
        # However it came there: the database knows that these are one.
        service.query(
            "UPDATE packages SET approved_by = upper(ordered_by) || %s,"
            " approved_at = now(), expires_at = now() WHERE package_id = %s",
            "\u2060 ",
            package["package_id"],
        )


def test_a_roll_is_one_at_the_order_the_activation_and_the_report(
    service: Service,
) -> None:
    """And is shown as it was named first."""
    units = [{"name": " Roll\u00a07 ", "from_index": 0, "to_index": 9}]
    batch = service.issue(20, activate=False, units=units)
    path = f"/v1/batches/{batch['batch_id']}"
    shown = service.get(path, service.issuer).json()["units"]
    assert shown == [{"name": "Roll 7", "from_index": 0, "to_index": 9}]
    ordered = service.post(f"{path}/packages", {"unit": "roll7"} | FORM, service.issuer)
    assert ordered.status_code == 201, ordered.text
    rows = "unit,quantity,status\nROLL  7,4,printed\nＲｏｌｌ 7,1,printed\n"
    report = service.http.post(
        f"/v1/line-reports?batch_id={batch['batch_id']}&activate=none",
        content=rows.encode(),
        headers={
            "content-type": "text/csv",
            "authorization": f"Bearer {service.staff('line')}",
        },
    )
    assert report.status_code == 201, report.text
    assert (report.json()["printed"], report.json()["errors"]) == (5, [])


def test_a_brand_is_spelled_as_its_first_product_spells_it(service: Service) -> None:
    """Or a token of the brand would not reach what the next product is printed for."""
    brand = f"Milk {free_port()}"
    bodies = (f"069012345{n:04d}" for n in (free_port() % 4999, 5000))
    gtins = [f"{body}{check_digit(body)}" for body in bodies]
    for gtin, written in zip(gtins, (brand, brand.upper()), strict=True):
        body = {"gtin": gtin, "name": "M", "brand": f" {written}", "shelf_life_days": 9}
        made = service.post("/v1/products", body, service.issuer)
        assert made.json()["brand"] == brand, made.text
    token = service.staff_token("issuer", name="mia", brand=brand.lower())
    batch = service.issue(10, gtin=gtins[1])
    assert service.get(f"/v1/batches/{batch['batch_id']}", token).status_code == 200
