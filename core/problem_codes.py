"""What each problem's `code` means and what to do about it; the words of /problems.

A code never changes its meaning, and none is taken away. A house test holds this list
to the codes that the source gives.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """A code of the API: the status it comes with, what it means, what to do."""

    status: int
    means: str
    do: str


def address_of(code: str) -> str:
    """Give the address that is the `type` of a problem (RFC 9457, section 3.1.1)."""
    return f"/problems/{code}"


_READ_ERRORS: Final = "Read `errors`: each names a field and what is wrong with it."
_LATER: Final = "Wait as long as `Retry-After` says, then send the same again."
_ASK_ADMIN: Final = "Ask an admin of the installation."

PROBLEM_CODES: Final = {
    # 400 and 401: before anything is looked at.
    "unparsable": ProblemCode(
        400, "The body cannot be read.", "Send JSON (RFC 8259) in UTF-8, uncompressed."
    ),
    "invalid_idempotency_key": ProblemCode(
        422,
        "`Idempotency-Key` is not 1 to 64 printable ASCII characters.",
        "Send another key, a UUID for example.",
    ),
    "unauthenticated": ProblemCode(
        401,
        "The token is missing, unknown, expired or revoked.",
        "Send `Authorization: Bearer …` with a token that is valid today.",
    ),
    # 403: known, and not allowed.
    "forbidden": ProblemCode(
        403,
        "The token's role may not do this.",
        "Use a token of a role that `detail` names.",
    ),
    "not_yours_to_change": ProblemCode(
        403,
        "These codes or terms belong to another line, brand or role.",
        "Leave the named fields out, or ask an issuer.",
    ),
    "second_person_needed": ProblemCode(
        403,
        "This takes a second person: 403 where the caller alone may not, 409 where "
        "they are the one who asked.",
        "Ask for it, and let somebody else approve; two spellings are one person.",
    ),
    "out_of_scope": ProblemCode(
        403,
        "The token is narrowed to another brand, line or shop.",
        "Use a token of that scope.",
    ),
    "not_your_store": ProblemCode(
        403,
        "The scan names a shop that the token is not of.",
        "Leave `store_id` out, or use that shop's token.",
    ),
    "not_approved": ProblemCode(
        403,
        "Nobody has approved it yet: 403 for a package, 409 for a campaign's version.",
        "Let a second person approve it: POST …/approvals.",
    ),
    "package_expired": ProblemCode(
        403, "The package is past its last day.", "Order another one."
    ),
    "downloads_used_up": ProblemCode(
        403, "The package was downloaded as often as allowed.", "Order another one."
    ),
    "knows_the_password": ProblemCode(
        403,
        "Who was told the password does not get the file.",
        "Let somebody else download it.",
    ),
    "has_the_file": ProblemCode(
        403,
        "Who has the file is not told the password.",
        "Let the approver ask from another account than the one that downloaded.",
    ),
    "not_the_approver": ProblemCode(
        403,
        "Only who approved a package is told its password.",
        "Ask the person who approved it.",
    ),
    "foreign_form": ProblemCode(
        403,
        "A form did not come from a page of this site.",
        "Open the page again and send its form.",
    ),
    "signed_out": ProblemCode(403, "The session has ended.", "Sign in again."),
    # 404 to 416.
    "not_found": ProblemCode(
        404,
        "There is nothing there, or nothing that this token may see.",
        "Look at the number; a list shows what there is.",
    ),
    "method_not_allowed": ProblemCode(
        405, "The address takes other methods.", "Use one that `Allow` names."
    ),
    "too_slow": ProblemCode(408, "The body did not come in time.", "Send it again."),
    "too_large": ProblemCode(
        413, "The body is too large.", "Send it in parts; `detail` names the limit."
    ),
    "unsupported_media_type": ProblemCode(
        415,
        "The body's type or compression is not read here.",
        "Send what `Accept` or `Accept-Encoding` names.",
    ),
    "range_not_satisfiable": ProblemCode(
        416, "None of the bytes asked for are there.", "Ask for a part that is there."
    ),
    "no_such_coupon": ProblemCode(
        404,
        "No coupon of ours has this code; forged and unknown look alike.",
        "Read it again; a token may name so many wrong codes a day.",
    ),
    # 409: not as things are.
    "conflict": ProblemCode(
        409, "Not possible as things are.", "Read `detail`; look at it again first."
    ),
    "already_exists": ProblemCode(
        409, "There is one already.", "Use it, or choose another name or number."
    ),
    "already_approved": ProblemCode(409, "It was approved before.", "Nothing; look."),
    "already_closed": ProblemCode(409, "It was closed before.", "Nothing; look."),
    "already_begun": ProblemCode(
        409,
        "The start has passed; only one that is to come can be moved.",
        "Void or recall instead.",
    ),
    "nothing_to_move": ProblemCode(
        409, "None of the caps is active any more.", "Activate others."
    ),
    "already_exported": ProblemCode(
        409, "The codes were written out before.", "Issue a new batch."
    ),
    "already_packaged": ProblemCode(
        409, "Some codes are in another package.", "Choose other indexes or rolls."
    ),
    "kept_from_print": ProblemCode(
        409, "Some codes are kept from print.", "Order those around them."
    ),
    "not_exportable": ProblemCode(
        409, "Rows of this form cannot be made.", "Choose another preset."
    ),
    "link_unprintable": ProblemCode(
        409, "The batch's link cannot be printed.", "Issue a new batch."
    ),
    "preflight_failed": ProblemCode(
        409, "Pre-flight keeps the package back.", "Mend what `errors` names."
    ),
    "package_cancelled": ProblemCode(
        409, "The package was cancelled.", "Order another one."
    ),
    "codes_active": ProblemCode(
        409,
        "Codes of the package are active.",
        "Void or recall them before you cancel it.",
    ),
    "no_password": ProblemCode(
        409, "The package has no password.", "Download it; nothing more is needed."
    ),
    "activated_otherwise": ProblemCode(
        409,
        "Codes are active with another product, lot, region, campaign or start.",
        "Leave them out. What is printed and active does not change.",
    ),
    "overlapping_range": ProblemCode(
        409, "The serials are taken.", "Send it again; another number is drawn."
    ),
    "too_late": ProblemCode(
        409,
        "A decision is taken back within ten minutes, and they are over.",
        "Have support take the rewards back, or decide otherwise from now on.",
    ),
    "spent": ProblemCode(
        409,
        "Some of what a decision paid is spent, used, sent or taken back; `detail` "
        "has the figures. Nothing was changed.",
        "Have support reverse the scan: it takes back what is left.",
    ),
    "claimed_since": ProblemCode(
        409, "Others have claimed what was released.", "Adjust the member's points."
    ),
    "undone_before": ProblemCode(
        409,
        "What was decided here was taken back once; the second decision stands.",
        "Have support reverse the scan, or adjust by hand.",
    ),
    "limit_full": ProblemCode(
        409,
        "A limit that this would take from again has no room meanwhile.",
        "Raise the limit, or leave it as it is.",
    ),
    "held_by_another": ProblemCode(
        409,
        "Somebody else works on the case.",
        "Leave it to them, or have an admin reassign it.",
    ),
    "illegal_state": ProblemCode(
        409, "It cannot go from this state to that.", "Look at its state first."
    ),
    "stale": ProblemCode(
        409,
        "Somebody changed it since it was looked at.",
        "Look at it again; `detail` says what it is now.",
    ),
    "part_of_unit": ProblemCode(
        409, "A carton or pallet is unpacked as a whole.", "Name all of it."
    ),
    "too_many_backtests": ProblemCode(
        409,
        "As many backtests as may be are not over yet.",
        "Wait for one to end, or call one off.",
    ),
    "too_many_pieces": ProblemCode(
        409,
        "The codes lie in too many pieces for one change.",
        "Name them by range or unit.",
    ),
    "too_many_kinds": ProblemCode(
        409, "Too many kinds of goods in one call.", "Send them in several calls."
    ),
    "other_options": ProblemCode(
        409,
        "The same rows counted before, with other options.",
        "Activate on the batch, or say `again` if it is other work.",
    ),
    "account_violated": ProblemCode(
        409,
        "More caps would be reported than there are.",
        "Compare with what was reported before.",
    ),
    "changed_since_shown": ProblemCode(
        409,
        "What would be approved is not what was shown.",
        "Look at it again and approve its new `digest`.",
    ),
    "events_forgotten": ProblemCode(
        409,
        "Some events after the one that was named are no longer kept.",
        "Read on without `after`, and look up what may have changed meanwhile.",
    ),
    "no_open_epoch": ProblemCode(
        409, "No epoch of the keys is open.", f"{_ASK_ADMIN} `crowncap key rotate`."
    ),
    "epoch_exhausted": ProblemCode(
        409, "The epoch has too few serials.", f"{_ASK_ADMIN} `crowncap key rotate`."
    ),
    "no_epoch_left": ProblemCode(
        409, "All 32 epochs of cap code v1 are used.", "This takes a new code format."
    ),
    # 409: coupons.
    "out_of_stock": ProblemCode(
        409, "No more can be had, today or at all.", "Choose another pool."
    ),
    "limit_reached": ProblemCode(
        409, "The member has had as many as anybody may.", "Choose another pool."
    ),
    "budget_below_spent": ProblemCode(
        409, "The campaign has paid more than the budget would be.", "Say a larger one."
    ),
    "stock_below_issued": ProblemCode(
        409, "More coupons are issued than the stock would be.", "Take away less."
    ),
    "already_redeemed": ProblemCode(
        409, "The coupon was used; `detail` says when and where.", "Ask for another."
    ),
    "coupon_expired": ProblemCode(
        409, "The coupon's time is over.", "Ask for another coupon."
    ),
    "not_yet_valid": ProblemCode(
        409, "The coupon's time is to come.", "Come back when `detail` says."
    ),
    "coupon_void": ProblemCode(
        409, "The coupon was voided, for good.", "Ask for another coupon."
    ),
    "basket_too_small": ProblemCode(
        409,
        "The basket is worth less than the coupon takes, or nobody said what it is.",
        "Say `basket_minor`; `detail` tells the least that it takes.",
    ),
    "wrong_store": ProblemCode(
        409, "The coupon is not for this store.", "Use it in a store that it names."
    ),
    "already_reversed": ProblemCode(
        409, "It was taken back before.", "Nothing; look at what it is now."
    ),
    "not_enough_points": ProblemCode(
        409, "The member has fewer points.", "Take fewer; `detail` tells how many."
    ),
    "not_same_day": ProblemCode(
        409, "A cashier reverses on the day of the redemption only.", "Ask support."
    ),
    # 409: gifts.
    "already_claimed": ProblemCode(
        409, "The member has claimed it before.", "Nothing: it is theirs."
    ),
    "not_entitled": ProblemCode(
        409, "It is for other members than this one.", "Choose another gift."
    ),
    # 409: draws.
    "not_drawn": ProblemCode(
        409, "The draw is not drawn yet.", "Come back after `draws_at`."
    ),
    "already_taken": ProblemCode(
        409, "The member takes part in the draw already.", "Nothing."
    ),
    "not_begun": ProblemCode(
        409, "The draw has not begun.", "Come back from `opens_at` on."
    ),
    "closed": ProblemCode(409, "The draw takes no more tickets.", "Nothing."),
    "not_open": ProblemCode(
        409,
        "Nobody just takes part in this draw: its tickets are earned.",
        "Do what a campaign asks for.",
    ),
    "lapsed": ProblemCode(
        409, "The time to claim the prize is over.", "Nothing; ask support."
    ),
    # 422: fields.
    "invalid_input": ProblemCode(422, "Some fields are wrong.", _READ_ERRORS),
    "unknown_field": ProblemCode(
        422,
        "A field or parameter that this route does not have.",
        "Correct its name; `did_you_mean` says which is like it.",
    ),
    "given_twice": ProblemCode(
        422, "A field or parameter came twice.", "Send it once."
    ),
    "unstorable": ProblemCode(
        422, "A value that no table can hold.", "Leave out what `detail` names."
    ),
    "idempotency_key_reused": ProblemCode(
        422,
        "The `Idempotency-Key` belongs to another body.",
        "Send a new key with a new body.",
    ),
    "report_refused": ProblemCode(
        422, "Some rows are wrong and none counted, as asked.", _READ_ERRORS
    ),
    "no_header": ProblemCode(
        422,
        "The first line does not name the columns of a report.",
        "Take the template from the batch's page.",
    ),
    "not_utf8": ProblemCode(
        422,
        "A line is not text in any encoding that is read.",
        "Save the file as CSV UTF-8.",
    ),
    "no_csv": ProblemCode(422, "A line is not CSV.", "Save the file as CSV again."),
    "workbook": ProblemCode(
        422, "The file is an Excel workbook.", "Save it as CSV UTF-8."
    ),
    "no_json": ProblemCode(422, "The document is not JSON.", "Send JSON-LD."),
    "capture_refused": ProblemCode(
        422, "An event is wrong and none was captured, as asked.", _READ_ERRORS
    ),
    "invalid_error_behaviour": ProblemCode(
        422,
        "`GS1-Capture-Error-Behaviour` is another word.",
        "Send rollback or proceed.",
    ),
    "stale_form": ProblemCode(
        403, "The form is too old.", "Open the page again and send its form."
    ),
    # 429 and 5xx: later.
    "throttled": ProblemCode(429, "Too many wrong codes or requests.", _LATER),
    "too_many_wrong_codes": ProblemCode(
        429,
        "The token has named all the wrong codes of its day.",
        "Name codes tomorrow (UTC), or name them by index or unit.",
    ),
    "too_many_at_once": ProblemCode(
        429, "Too many requests of this address are under way.", _LATER
    ),
    "too_many_slow_bodies": ProblemCode(
        429, "Too many bodies of this address come slowly.", _LATER
    ),
    "internal": ProblemCode(
        500,
        "A fault of ours.",
        "Send it again with the same `Idempotency-Key`; tell us the `request_id`.",
    ),
    "unavailable": ProblemCode(503, "The database is away; nothing was done.", _LATER),
    "crowded": ProblemCode(503, "The service is full; nothing was done.", _LATER),
}
