-- What a draw's prize gives is paid by the draw's account when the prize is claimed, and
-- a set that cannot be paid now is looked at again later.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE draw_prizes ADD COLUMN gives jsonb;
-- The number under which what the prize gives was given.
ALTER TABLE draw_claims ADD COLUMN award_id bigint;

-- When a set is to be paid, if not at once: its pool has no coupon left, as an example.
ALTER TABLE collected_sets ADD COLUMN due_at timestamptz;
CREATE INDEX collected_sets_due ON collected_sets (coalesce(due_at, completed_at))
    WHERE completed_at IS NOT NULL AND awarded_at IS NULL;
DROP INDEX collected_sets_unpaid;
