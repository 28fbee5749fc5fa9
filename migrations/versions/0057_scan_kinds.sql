-- What a scan earned is found by its transfer, tickets too.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- A transfer names its tickets, once.
CREATE UNIQUE INDEX one_stretch_of_a_transfer ON draw_tickets (shard, transfer_id);
DROP INDEX draw_tickets_held;
