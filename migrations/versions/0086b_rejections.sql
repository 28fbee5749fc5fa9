-- A second person may refuse an adjustment, and says why.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE adjustments ADD COLUMN rejected_by text;
ALTER TABLE adjustments ADD COLUMN rejected_at timestamptz;
ALTER TABLE adjustments ADD COLUMN rejection text;
ALTER TABLE adjustments DROP CONSTRAINT adjustment_state_is_known;
ALTER TABLE adjustments ADD CONSTRAINT adjustment_state_is_known
    CHECK (state IN ('waiting', 'posted', 'rejected'));
ALTER TABLE adjustments ADD CONSTRAINT a_rejection_takes_two CHECK (
    (state = 'rejected') = (rejected_by IS NOT NULL)
    AND num_nonnulls(rejected_by, rejected_at, rejection) IN (0, 3)
    AND coalesce(fold_name(rejected_by) <> fold_name(created_by), true));
