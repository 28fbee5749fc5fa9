"""A world on a real service: what has to be there first, and what comes as it goes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bench.inhabitants.goods import CARTON, LATE_BY_S, BatchPlan, Cap
from bench.inhabitants.thieves import LEAKED_CARTONS
from bench.inhabitants.town import Scan
from bench.sending import Deed, Letter
from bench.staff import Json, Staff
from bench.supply import GTIN
from bench.world import World
from codegen.domain.gtin import check_digit
from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.sealing import seal
from codegen.keyring import MasterKeyFile

UNITS_AT_ONCE: Final = 500


@dataclass(slots=True)
class Stage:
    """A service with the world's goods, and whom its calls are made by."""

    data: Path
    staff: Staff
    # The moment at which the world begins.
    begins: datetime
    world: World
    codes: dict[int, list[str]] = field(default_factory=dict)
    batch_ids: dict[int, int] = field(default_factory=dict)
    first_ids: dict[int, int] = field(default_factory=dict)

    def code_id(self, code: Cap | str) -> int | None:
        """Give a cap's code_id; None for a forged code."""
        if isinstance(code, str):
            return None
        return self.first_ids[code.batch] + code.index

    def moment(self, at_s: float) -> str:
        """Tell a time of the world as the API reads it."""
        return (self.begins + timedelta(seconds=at_s)).isoformat()

    # What has to be there -------------------------------------------------------------

    def prepare(self, rules: Json | None) -> None:
        """Let people, campaigns, goods and, if any are given, rules be there."""
        self._add_campaigns()
        if rules is not None:
            self.staff.activate_rules(self.staff.commit_rules(rules))
        for member in self.world.listed_shops:
            entry = {"kind": "member", "value": member, "reason": "A shop of ours."}
            self.staff.call("/v1/lists/shop/entries", entry, "analyst")
        keys = MasterKeyFile(self.data / "keys" / "master-keys").load()
        for plan in self.world.batches:
            batch = self._issue(plan)
            serials = np.arange(plan.quantity, dtype=np.uint64)
            serials += np.uint64(batch["first_serial"])
            first = batch["epoch"] << SERIAL_BITS | batch["first_serial"]
            self.first_ids[plan.number] = first
            rows = seal(keys, batch["epoch"], serials)
            self.codes[plan.number] = [row.tobytes().decode() for row in rows]

    def _add_campaigns(self) -> None:
        for points in sorted({plan.points for plan in self.world.batches}):
            campaign = {
                "campaign_id": f"world-pays-{points}",
                "name": {"zh": f"{points} 分", "en": f"{points} points"},
                "starts_at": "2026-01-01",
                "offers": [{"offer_id": "points", "kind": "points", "amount": points}],
            }
            self.staff.call("/v1/campaigns", campaign, "marketer")
            path = f"/v1/campaigns/world-pays-{points}"
            self.staff.call(f"{path}/approvals", {"version": 1}, "another-marketer")
            self.staff.call(f"{path}/activations", {"version": 1}, "marketer")

    def _issue(self, plan: BatchPlan) -> Json:
        """Issue a batch; its last roll is the one whose file leaks, if any does."""
        leaked = plan.quantity - LEAKED_CARTONS * CARTON
        batch = self.staff.call(
            "/v1/batches",
            {
                "quantity": plan.quantity,
                "gtin": GTIN,
                "campaign_id": f"world-pays-{plan.points}",
                "lot": f"L{plan.number:03d}",
                "sale_regions": [plan.province.region],
                "units": [
                    {"name": "roll-1", "from_index": 0, "to_index": leaked - 1},
                    {
                        "name": "roll-2",
                        "from_index": leaked,
                        "to_index": plan.quantity - 1,
                    },
                ],
            },
            "issuer",
        )
        self.batch_ids[plan.number] = batch["batch_id"]
        self._pack(plan)
        return batch

    def _pack(self, plan: BatchPlan) -> None:
        units = [
            {
                "sscc": self.sscc(plan, carton),
                "contents": [
                    {
                        "batch_id": self.batch_ids[plan.number],
                        "from_index": carton * CARTON,
                        "to_index": (carton + 1) * CARTON - 1,
                    }
                ],
            }
            for carton in range(plan.cartons)
        ]
        for start in range(0, len(units), UNITS_AT_ONCE):
            body = {
                "units": units[start : start + UNITS_AT_ONCE],
                "happened_at": self.moment(plan.activated_s - 3_600),
            }
            self.staff.call("/v1/logistic-units", body, "line")

    # What comes as it goes ------------------------------------------------------------

    def deeds(self) -> Iterator[tuple[float, Deed]]:
        """Give what the brand does with its goods, each with its time."""
        for plan in self.world.batches:
            yield plan.activated_s, partial(self._activate_batch, plan)
            written_s = plan.received_s + LATE_BY_S * plan.late_papers
            yield written_s, partial(self._receive, plan, written_s)

    def _activate_batch(self, plan: BatchPlan) -> None:
        terms = {
            "effective_at": self.moment(plan.activated_s),
            "plant": plan.plant,
            "line": f"{plan.plant}-1",
        }
        path = f"/v1/batches/{self.batch_ids[plan.number]}/activations"
        self.staff.call(path, terms, "issuer")

    def sscc(self, plan: BatchPlan, carton: int) -> str:
        """Give the number of a carton."""
        body = f"0690{self.world.seed:04d}{plan.number:03d}{carton:06d}"
        return body + check_digit(body)

    def _receive(self, plan: BatchPlan, at_s: float) -> None:
        """Send cartons to their dealers, who receive them."""
        for dealer in plan.dealers:
            cartons = [n for n in range(plan.cartons) if plan.dealer_of(n) == dealer]
            body = {
                "ssccs": [self.sscc(plan, carton) for carton in cartons],
                "happened_at": self.moment(at_s),
            }
            self.staff.call("/v1/shipments", body, "line")
            self.staff.call("/v1/receipts", body | {"biz_location": dealer}, "line")

    def letters(self) -> Iterator[tuple[float, Letter]]:
        """Word all scans as requests, each with its time of sending."""
        for number, scan in enumerate(self.world.scans):
            alone = (scan.person.member, scan.person.device, scan.code)
            yield scan.sent_s, Letter(number, self._word(scan), alone)

    def _word(self, scan: Scan) -> bytes:
        code, person = scan.code, scan.person
        text = self.codes[code.batch][code.index] if isinstance(code, Cap) else code
        context: Json = {
            "ip": scan.ip,
            "user_agent": f"Mozilla/5.0 ({person.user_agent}) MicroMessenger/8.0.50",
            "channel": "mini-program",
            "entry": "camera",
            "scanned_at": self.moment(scan.at_s),
        }
        more = {
            "environment": person.environment,
            "risk_rank": person.risk_rank,
            "region": scan.region,
            "store_id": scan.store,
        }
        context |= {k: v for k, v in more.items() if v is not None}
        body: Json = {"code": text, "device_id": person.device, "context": context}
        if scan.signed_in:
            body["member_id"] = person.member
        if scan.place is not None:
            body["position"] = {
                "lat": round(scan.place.lat, 6),
                "lon": round(scan.place.lon, 6),
                "accuracy_m": 20,
            }
        content = json.dumps(body, separators=(",", ":")).encode()
        return (
            b"POST /v1/scans HTTP/1.1\r\nHost: bench.example\r\n"
            b"Content-Type: application/json\r\n"
            + f"Authorization: Bearer {self.staff.tokens['app']}\r\n".encode()
            + f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
