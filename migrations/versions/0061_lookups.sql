SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Members of a set in the order of their numbers, which no update changes.
CREATE INDEX collected_sets_of_set ON collected_sets (set_no, member_no);
CREATE INDEX adjustments_waiting ON adjustments (adjustment_id)
    WHERE state = 'waiting';
