"""What members were given outside of scans, by its number."""


def was_given(award_id: str, account: str, member_no: str, given: str) -> str:
    """Write that something was given to a member by an account; each is a column."""
    return f"""CASE {given} ->> 'kind'
        WHEN 'points' THEN EXISTS (SELECT FROM transfers AS paid WHERE paid.shard = 0
            AND paid.origin_id = {award_id} AND paid.transfer_id = {award_id}
            AND paid.debit_account = {account} AND paid.credit_account = {member_no}
            AND paid.amount = ({given} ->> 'amount')::bigint)
        WHEN 'coupon' THEN EXISTS (SELECT FROM coupons AS had
            JOIN coupon_pools AS pool ON pool.pool_no = had.pool_no
            WHERE had.shard = 0 AND had.coupon_no = {award_id}
                AND had.member_no = {member_no}
                AND pool.pool_id = {given} ->> 'pool_id')
        WHEN 'red_packet' THEN EXISTS (SELECT FROM transfers AS paid
            JOIN payouts AS had ON had.shard = 0 AND had.payout_id = paid.transfer_id
            WHERE paid.shard = 0 AND paid.origin_id = {award_id}
                AND paid.transfer_id = {award_id} AND paid.kind = 'grant'
                AND paid.debit_account = {account} AND paid.credit_account = {member_no}
                AND paid.unit = 1 AND paid.amount = ({given} ->> 'minor')::bigint)
        WHEN 'ticket' THEN EXISTS (SELECT FROM transfers AS paid
            JOIN draw_tickets AS had ON had.shard = 0
                AND had.transfer_id = paid.transfer_id AND had.amount = paid.amount
                AND had.member_no = paid.credit_account AND had.state = 'valid'
            JOIN draws AS of_draw ON of_draw.draw_no = had.draw_no
            WHERE paid.shard = 0 AND paid.origin_id = {award_id}
                AND paid.transfer_id = {award_id} AND paid.kind = 'grant'
                AND paid.debit_account = {account} AND paid.credit_account = {member_no}
                AND paid.unit = 4 AND paid.amount = ({given} ->> 'amount')::bigint
                AND of_draw.draw_id = {given} ->> 'draw_id')
        WHEN 'card' THEN EXISTS (SELECT FROM transfers AS paid
            JOIN cards AS had ON had.unit = paid.unit
            JOIN card_sets AS of_set ON of_set.set_no = had.set_no
            WHERE paid.shard = 0 AND paid.origin_id = {award_id}
                AND paid.transfer_id = {award_id} AND paid.kind = 'grant'
                AND paid.debit_account = {account} AND paid.credit_account = {member_no}
                AND paid.amount = 1 AND of_set.set_id = {given} ->> 'set_id')
        ELSE EXISTS (SELECT FROM member_gifts AS had
            JOIN gifts AS gift ON gift.gift_no = had.gift_no
            WHERE had.shard = 0 AND had.transfer_id = {award_id}
                AND had.member_no = {member_no}
                AND gift.name = {given} ->> 'name') END"""  # noqa: S608 - columns
