"""What scan_api has to say: to consumers of their scans, and of what went wrong."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # What a scan came to
        "invalid": (
            "这不是我们的码。请核对瓶盖内的 16 位字母和数字后重试。",
            (
                "This is not one of our codes. Check the 16 letters and digits and "
                "try again."
            ),
        ),
        "not_active": (
            "这是真码，但还没有开放领取，或已经停用。",
            "The code is genuine, but it is not active.",
        ),
        "recalled": (
            "该产品已被召回，请勿饮用，并联系客服。",
            "This product has been recalled. Do not consume it; contact us.",
        ),
        "already_claimed": (
            "这是真码，但已被他人领取过。",
            "The code is genuine, but somebody claimed it before.",
        ),
        "already_yours": (
            "您已领取过这个码的奖励。",
            "You claimed this code before; its reward is yours.",
        ),
        "yours_unpaid": (
            "您已领取过这个码，它没有带来奖励。",
            "You claimed this code before; there was no reward for it.",
        ),
        "refused": (
            "这是真码，但暂时无法领取，如有疑问请联系客服。",
            "The code is genuine, but it cannot be claimed now. Ask us if in doubt.",
        ),
        "rewarded_kinds": (
            "正品！您获得 {earned}。",
            "Genuine! You have earned {earned}.",
        ),
        "earned_points": ("{amount} 积分", "{amount} points"),
        "earned_coupon": ("优惠券“{name}”", "a coupon: {name}"),
        "earned_red_packet": ("{yuan} 元红包", "a red packet of {yuan} yuan"),
        "earned_gift": ("礼品“{name}”", "a gift: {name}"),
        "earned_ticket": (
            "“{name}”抽奖券 {amount} 张",
            "tickets of the draw {name}: {amount}",
        ),
        "earned_card": ("“{set}”的收集卡“{name}”", "the card {name} of {set}"),
        "earned_last_card": (
            "“{set}”的最后一张收集卡“{name}”，已集齐",
            "the card {name}, the last that you missed of {set}",
        ),
        "earned_prize": ("“{tier}”奖：{earned}", "the prize {tier}: {earned}"),
        "no_reward": (
            "正品！这次没有奖励。",
            "Genuine! There is no reward this time.",
        ),
        "full": (
            "正品！本活动的奖励您已领满。这枚瓶盖还没有领取，可以送给别人。",
            (
                "Genuine! You have had all that one member may have of this campaign. "
                "Nobody has claimed this cap: somebody else still can."
            ),
        ),
        "full_today": (
            "正品！您今天领取的积分已满，{again} 0 点起可以再领。",
            (
                "Genuine! You have reached today's limit. Claim it from {again} on, "
                "00:00."
            ),
        ),
        "full_today_until": (
            "正品！您今天领取的积分已满，{again} 0 点起可以再领，活动截止 {ends}。",
            (
                "Genuine! You have reached today's limit. Claim it from {again} on, "
                "00:00; the campaign lasts until {ends}."
            ),
        ),
        "full_at_last": (
            "正品！不过您今天领取的积分已满，而活动截止 {ends}。",
            (
                "Genuine! But you have reached today's limit, and the campaign lasts "
                "until {ends}."
            ),
        ),
        "not_begun": (
            "正品！活动 {begins} 开始，请留好瓶盖，到时再来领取。",
            "Genuine! The campaign begins on {begins}; keep the cap and come back.",
        ),
        "paused": (
            "正品！活动暂停中，请留好瓶盖，恢复后再来领取。",
            (
                "Genuine! The campaign is paused; keep the cap and come back when it "
                "goes on."
            ),
        ),
        "ended": (
            "正品！不过活动已经结束，截止 {ends}。",
            "Genuine! But the campaign is over; it lasted until {ends}.",
        ),
        "spent": (
            "正品！不过活动的奖励已经发完。",
            "Genuine! But the rewards of the campaign are all gone.",
        ),
        "no_campaign": (
            "正品！这枚码没有可领取的奖励。",
            "Genuine! There is no reward for this code.",
        ),
        "held": (
            "正品！奖励正在审核，通过后会自动到账。",
            "Genuine! Your reward is being reviewed and will follow by itself.",
        ),
        "rewarded": (
            "正品！恭喜获得 {points} 积分。",
            "Genuine! You earned {points} points.",
        ),
        "verified": (
            "正品！登录后即可领取奖励。",
            "Genuine! Sign in to claim your reward.",
        ),
        "outside": (
            "正品！这枚码只用来验真，奖励码在瓶盖内。",
            "Genuine! This code only proves it; the one that pays is in the cap.",
        ),
        "past_sell_by": (
            "{notice} 请注意：该产品的保质期至 {day}，已经过期，请勿饮用。",
            "{notice} Note: this product was good until {day}. Do not consume it.",
        ),
        # Scans that are not answered
        "not_json": (
            "正文不是 JSON。",
            "The body is not JSON.",
        ),
        "no_region": (
            "没有地区 {region!r}；请写 ISO 3166 代码，例如 CN-31。",
            "There is no region {region!r}; give a code of ISO 3166, like CN-31.",
        ),
        "scanned_in_future": (
            "扫码时间 {given} 还没有到；请核对设备时钟，或不要填写 scanned_at。",
            (
                "A scan at {given} is yet to come: mind the device's clock, or leave "
                "scanned_at out."
            ),
        ),
        "scanned_too_late": (
            "扫码时间 {given} 已超过 {hours} 小时；去掉 scanned_at，即按现在扫码处理。",
            (
                "The scan at {given} is more than {hours} hours old; without "
                "scanned_at it counts as made now."
            ),
        ),
        "post_a_scan": (
            "扫码请用 POST。",
            "A scan is a POST.",
        ),
        "send_scan_json": (
            "请以 application/json 发送扫码。",
            "Send the scan as application/json.",
        ),
        "scan_too_large": (
            "一次扫码最多 {most:,} 字节。",
            "A scan has at most {most:,} bytes.",
        ),
        "caller_left": (
            "对方已断开连接。",
            "The caller left.",
        ),
        "other_store": (
            "这个令牌属于另一家门店。",
            "This token is for another store.",
        ),
        "unstorable_member": (
            "会员编号里有无法保存的字符。",
            "This member id holds a character that cannot be stored.",
        ),
        "too_many_guesses": (
            "刚才试了太多不是我们的码；请 {seconds:,} 秒后再试。",
            (
                "Too many codes that are not ours came from here; try again in "
                "{seconds:,} seconds."
            ),
        ),
        "no_coupons_now": (
            "目前无法发放优惠券；没有做任何更改，请稍后再试。",
            "No coupon can be issued at the moment; nothing was done. Try again later.",
        ),
        "too_many_scans": (
            "正在等待的扫码太多；请稍后再试。",
            "Too many scans wait already; try again shortly.",
        ),
        "no_number": (
            "数据库连接不上，无法编号；没有做任何更改，请再试。",
            (
                "The database cannot be reached, so this cannot be numbered; nothing "
                "was done. Try again."
            ),
        ),
        "scan_failed": (
            "我们这边出错了；可以再扫一次。",
            "Something went wrong on our side; the scan may be tried again.",
        ),
        # Members and their scans
        "no_scan": (
            "您没有这次扫码。",
            "There is no such scan among yours.",
        ),
        "scan_id_form": (
            "scan_id 是最多 19 位的十进制数字。",
            "A scan_id is a decimal number of up to 19 digits.",
        ),
        "members_elsewhere": (
            "本站会员不在这里登录。",
            "Members of this installation sign in elsewhere.",
        ),
        "too_many_reports": (
            "刚才收到的举报太多；请一小时后再试。",
            "Too many reports came from here; try again in an hour.",
        ),
        # Files, links and what they lead to
        "no_file": (
            "没有这个文件。",
            "There is no such file.",
        ),
        "no_such_reward": (
            "没有这项奖励，或它属于另一位会员。",
            "There is no such reward, or it is another member's.",
        ),
        "no_odds": (
            "没有此活动，或它没有抽奖。",
            "There is no such campaign, or it has no chances.",
        ),
        "no_picture": (
            "没有这张图片。",
            "There is no such picture.",
        ),
        "no_product": (
            "这里没有 GTIN 为 {gtin} 的产品。",
            "No product here has GTIN {gtin}.",
        ),
        "no_link_of_type": (
            "这个产品没有 {given!r} 类型的链接。",
            "This product has no link of type {given!r}.",
        ),
        "link_type_twice": (
            "{name} 写了不止一次；请只写一次。",
            "{name} stands in the query more than once; say it once.",
        ),
        "not_a_product_link": (
            "产品链接以 /01/ 和 GTIN 开头。",
            "A link to a product begins with /01/ and its GTIN.",
        ),
        # Whether a worker can commit, for who runs the installation
        "postgres_away": (
            "PostgreSQL 无法提交；原因见它和本程序的日志。",
            "PostgreSQL does not take commits; its log and ours say why.",
        ),
        "postgres_slow": (
            "PostgreSQL 在 {seconds:g} 秒内没有提交完。",
            "PostgreSQL did not commit within {seconds:g} s.",
        ),
        "postgres_reads": (
            (
                "这里的 PostgreSQL 只能读：它是备库，或设为了只读。请让 "
                "CROWNCAP_DATABASE_URL 指向主库。"
            ),
            (
                "PostgreSQL only reads here: it is a standby, or set to read only. "
                "Point CROWNCAP_DATABASE_URL at the primary."
            ),
        ),
        "postgres_full": (
            "PostgreSQL 的磁盘满了；请腾出空间。",
            "PostgreSQL's disk is full; make room on it.",
        ),
        "postgres_crowded": (
            "PostgreSQL 不再接受连接；请调大 max_connections，或减少工作进程。",
            (
                "PostgreSQL gives no more connections; raise max_connections or run "
                "fewer workers."
            ),
        ),
        "unparted": (
            "{table} 没有今天的分区；请重启一个工作进程。",
            "There is no partition of {table} for today; restart a worker.",
        ),
        "a_table": ("有一张表", "a table"),
        "unnumbered": (
            "这个工作进程还没有扫码编号；PostgreSQL 给出后就能用。",
            (
                "This worker has no number for its scans; it takes one when "
                "PostgreSQL gives it."
            ),
        ),
        "no_redis": (
            "Redis 没有应答，或不接受写入；奖励暂时保留，待审核。",
            "Redis does not answer or takes no writes; rewards are held.",
        ),
        # Backtests
        "no_such_backtest": (
            "没有编号为 {backtest_id} 的回测。",
            "There is no backtest {backtest_id}.",
        ),
        "backtest_is_over": (
            "这次回测已经结束。",
            "This backtest is over.",
        ),
        "backtests_full": (
            "同时最多进行 {most} 次回测；请等其中一次结束，或取消一次。",
            "{most} backtests run at once at most; wait for one, or call one off.",
        ),
        "backtest_span": (
            "结束时间应晚于开始时间，开始时间应在过去。",
            "Give an end after the start, and a start that is over.",
        ),
        "backtest_too_long": (
            "一次回测最多 {days} 天；请缩短时间范围。",
            "A backtest takes {days} days at most; give a shorter span.",
        ),
    }
)
