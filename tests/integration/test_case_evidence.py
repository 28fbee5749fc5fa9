"""What a case's page is told beside its own scans: others of the same attackers."""

from anti_fraud.domain.cases import Verb
from anti_fraud.domain.clusters import DEVICE, Link, key_of
from anti_fraud.pipeline.cases.deciding import Wish, decide_case
from anti_fraud.pipeline.cases.listing import show_case
from anti_fraud.store.clusters import add_links
from core.clock import business_day
from tests.fixtures.cases import ANNE, PORTS, Review
from tests.fixtures.ground import CLOCK, TIMEZONE


async def test_others_on_the_same_device_and_their_cases_are_shown(
    review: Review,
) -> None:
    """Found by who has used it; scans of theirs on another phone are not of it."""
    ann, ben = await review.ground.members("ann", "ben")
    codes = await review.ground.live(4)
    mine = await review.hold(codes[0], ann, device="phone-1")
    assert await review.sorting().sort_once() == 1
    first = await review.only_case()
    async with review.ground.engine.begin() as conn:
        wish = Wish(first.case_id, first.version, Verb.DENY)
        await decide_case(review.work(conn), PORTS, wish, note="n")
    again = await review.hold(codes[1], ann, device="phone-1")
    shared = await review.hold(codes[2], ben, device="phone-1")
    await review.hold(codes[3], ben, device="phone-2")
    assert await review.sorting().sort_once() == 3
    [(device,)] = await review.ground.rows(
        f"SELECT device FROM scan_traces WHERE scan_id = {mine}"
    )
    [(case_id,)] = await review.ground.rows(
        f"SELECT case_id FROM case_scans WHERE scan_id = {again}"
    )
    async with review.ground.engine.begin() as conn:
        links = [Link(key_of(DEVICE, device), no) for no in (ann, ben)]
        day = business_day(CLOCK.now_ms(), TIMEZONE)
        await add_links(conn, links, day=day)
        shown = await show_case(conn, ANNE, PORTS, case_id)
    evidence = shown.evidence
    assert [scan.scan_id for scan in evidence.scans] == [str(again)]
    assert [scan.scan_id for scan in evidence.of_member] == [str(mine)]
    assert [scan.scan_id for scan in evidence.of_device] == [str(shared)]
    assert [case.case_id for case in shown.others] == [first.case_id]
