"""HTTP of the console: HTML for people, below /console."""

from litestar import Router

from console.codes import codes, recalls
from console.frame import sign_in as signing
from console.fraud import leaks
from console.line import batches, home, packages, plants, reports
from console.marketing import campaign, campaigns, coupons, one_coupon, writing
from console.support import payouts
from console.system import jobs, webhooks
from console.till import till

ROUTER = Router(
    path="/",
    route_handlers=[
        signing.show_sign_in,
        signing.sign_in,
        signing.sign_out,
        home.show_home,
        home.show_nothing,
        batches.show_batch,
        packages.show_order_form,
        packages.order_package,
        packages.show_package,
        packages.approve_package,
        packages.cancel_package,
        packages.tell_password,
        packages.download_package,
        reports.add_report,
        reports.preview,
        reports.show_report,
        reports.give_wrong_rows,
        reports.give_template,
        codes.ask_for_code,
        codes.find_code,
        codes.show_code,
        leaks.ask_for_codes,
        leaks.trace_leak,
        leaks.void_leak,
        plants.show_plants,
        recalls.show_recalls,
        recalls.show_one_recall,
        recalls.show_void_request,
        recalls.approve_one_recall,
        recalls.approve_void_request,
        campaigns.show_campaigns,
        campaign.show_campaign,
        campaign.preview_campaign,
        campaign.pause_campaign,
        campaign.resume_campaign,
        campaign.stop_campaign,
        campaign.approve_campaign,
        campaign.activate_campaign,
        writing.show_new_campaign,
        writing.write_campaign,
        writing.show_new_version,
        writing.write_version,
        jobs.show_jobs,
        coupons.show_coupons,
        coupons.add_new_pool,
        coupons.add_new_store,
        coupons.change_pool_stock,
        one_coupon.ask_for_coupon,
        one_coupon.find_coupon,
        one_coupon.show_coupon,
        one_coupon.void_coupon,
        one_coupon.return_coupon,
        payouts.show_payouts,
        payouts.cancel_payout,
        till.show_till,
        till.give_script,
        till.look_at_coupon,
        till.redeem_seen_coupon,
        till.undo_redemption,
        webhooks.show_webhooks,
        webhooks.add_webhook,
        webhooks.show_webhook,
        webhooks.rotate_webhook,
        webhooks.end_webhook,
        webhooks.retry_webhook,
    ],
)
