"""Cases of little worth that no weighty rule supports resolve themselves."""

from anti_fraud.pipeline.cases import resolving, working
from tests.fixtures.cases import BOSS, BUSY, PORTS, SMALL, Review


async def test_what_is_of_little_worth_and_weight_resolves_itself(
    review: Review,
) -> None:
    """A day after its last scan; what a weighty rule holds, or somebody has, waits."""
    people = await review.ground.members("small", "weighty", "taken")
    for member, facts, code in zip(
        people, (SMALL, BUSY, SMALL), await review.ground.live(3), strict=True
    ):
        await review.hold(code, member, facts, device=f"phone of {member}")
    await review.sorting().sort_once()
    [(case_id,)] = await review.ground.rows(
        "SELECT case_id FROM cases WHERE subject_name = 'taken'"
    )
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, BOSS)
        await working.assign_case(work, case_id, "anne", expected_version=None)
    async with review.ground.engine.begin() as conn:
        work = review.work(conn, later_ms=23 * 3_600_000)
        resolve = resolving.resolve_some(
            conn, PORTS, next_id=work.next_id, now=work.now
        )
        assert await resolve == 0
    await review.ground.rows(
        "UPDATE cases SET last_at = last_at - interval '25 h' RETURNING case_id"
    )
    for resolved in (1, 0):
        async with review.ground.engine.begin() as conn:
            work = review.work(conn)
            done = await resolving.resolve_some(
                conn, PORTS, next_id=work.next_id, now=work.now
            )
            assert done == resolved
    rows = await review.ground.rows("SELECT subject_name, decided_by FROM cases")
    assert dict(rows) == {"small": "system", "weighty": None, "taken": None}
    assert await review.resolutions() == ["posted", None, None]
    assert await review.ground.audit() == []
