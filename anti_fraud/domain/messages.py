"""What anti_fraud has to say: of facts, of counters, and of wrong rule sets."""

from typing import Final

from anti_fraud.domain.case_messages import OF_CASES
from core.messages import Catalogue

message: Final = Catalogue(
    {
        # Facts
        "fact_signals_available": (
            "能否读到风控信号；读不到时，次数和地点都未知。",
            "Whether signals could be read; counts and places are unknown if not.",
        ),
        "fact_days_past_sell_by": (
            "扫码当天已过保质期的天数；仍在保质期内则为负数。",
            "Days past the last day of sale; below zero while that is to come.",
        ),
        "fact_place_distance": (
            "与该码一天内上一次扫码地点的距离。",
            "How far from where the code was last scanned within a day.",
        ),
        "fact_place_elapsed": (
            "距该码一天内上一次有位置的扫码的时间。",
            "How long after the code was last scanned at a known place within a day.",
        ),
        "fact_place_speed": (
            "从该码上一次扫码地点到这里所需的最低速度。",
            "How fast the code came from where it was last scanned, at least.",
        ),
        "fact_shop_listed": (
            "此次扫码的会员、设备、网络、码、门店等是否在门店名单上。",
            "Whether anything of the scan is on the list of shops.",
        ),
        "fact_network_kind": (
            "网络类型：carrier 运营商、broadband 宽带、business 企业、hosting 机房等。",
            "Whose network: carrier, broadband, business, hosting, vpn or tor.",
        ),
        "fact_network_country": (
            "网络所在的国家或地区（ISO 3166-1），如 CN；数据中没有则未知。",
            "The country of the network (ISO 3166-1), as CN; unknown if no data tells.",
        ),
        "fact_network_province": (
            "网络所在的省级行政区，如 CN-44；数据中没有则未知。",
            "The network's division of China, as CN-44; unknown if no data tells.",
        ),
        "fact_gps_ip_distance": (
            "手机所报位置与网络所在省级行政区的最近距离；在其范围内为 0。",
            "How far the phone's place lies from the network's division; 0 inside it.",
        ),
        "fact_environment": (
            "应用报告的运行环境：emulator 模拟器、cloud_phone 云手机、rooted 等。",
            (
                "What the app runs in: normal, emulator, cloud_phone, automation, "
                "virtual_location or rooted."
            ),
        ),
        "fact_risk_rank": (
            "应用后端给出的外部风险等级，0 到 4，越高越可疑。",
            "The rank of risk from 0 to 4 that the app's backend has from elsewhere.",
        ),
        "fact_member_age": (
            "会员注册满几天；超过 {most} 天则未知。",
            "For how many days the member has been one; unknown past {most}.",
        ),
        "fact_since_produced": (
            "产品生产后满几天；超过 {most} 天或未填生产日期则未知。",
            "Days since the goods were produced; unknown past {most}, or if none told.",
        ),
        "fact_since_active": (
            "码自指定的生效时间起满几小时；超过 {most} 天或未指定则未知。",
            (
                "Hours since the code's activation took effect; unknown past {most} "
                "days, or if no moment was told."
            ),
        ),
        "fact_outside_sale_region": (
            "已知此次扫码在销售区域之外（依应用所报地区、手机位置或网络）。",
            (
                "Whether it is known to be scanned outside of where it is to be sold: "
                "by the app's word, the phone's place, or the network."
            ),
        ),
        "fact_cluster_size": (
            "与该会员共用设备、彼此相连的会员数，含本人；少于 5 人则未知。",
            "Members linked by devices, this one included; unknown below 5.",
        ),
        "fact_cluster_flagged_share": (
            "相连会员中曾被拒绝、拦截未放行或在黑名单上的比例，0 到 1。",
            "Share of linked members who were refused, held or blocked, 0 to 1.",
        ),
        "fact_dealer_outside_share": (
            "该码经销商 7 天内被领取的码在销售区域之外的比例，0 到 1；低于预警则未知。",
            (
                "Share of its dealer's codes claimed outside their sale region in "
                "7 days, 0 to 1; unknown below the alarm."
            ),
        ),
        "fact_code_early_looks": (
            "该码在启用前被查看或扫码的次数；所在码包或卷达到预警数后才计。",
            "Looks at the code before it was active, if its package raised an alarm.",
        ),
        "fact_package_early_codes": (
            "该码所在码包或卷中，启用前就被查看或扫码的码数；达到预警数后才计。",
            "Codes of its package or roll that were seen before active, past an alarm.",
        ),
        "fact_prize_points": (
            "此次领取将得的积分，含抽中的奖；仅在生效的规则用到时记录。",
            (
                "The points that the claim is to earn, chances included; known where "
                "the rules in force ask."
            ),
        ),
        "fact_prize_minor": (
            "此次领取将得的红包金额（分），含抽中的奖；仅在生效的规则用到时记录。",
            (
                "The money in minor units that the claim is to earn, chances included; "
                "known where the rules in force ask."
            ),
        ),
        "fact_count": (
            "{entity}在 {window}内的扫码次数，含本次。",
            "Scans of {entity} within {window}, this one included.",
        ),
        # Data about networks
        "network_data_unreadable": (
            "无法读取 CROWNCAP_NETWORK_DATA 中的 {path}：{why}。",
            "Cannot read {path}, named in CROWNCAP_NETWORK_DATA: {why}.",
        ),
        "network_data_wrong": (
            "{path} 不是完整的 .mmdb 或 .xdb 数据，请重新获取：{why}",
            "{path} is no whole .mmdb or .xdb file; bring it anew: {why}",
        ),
        "fact_distinct": (
            "{entity}在 {window}内涉及多少个不同的{what}，含本次；最多数到 {up_to}。",
            "Different {what} that {entity} had within {window}; up to {up_to}.",
        ),
        "fact_near": (
            "{entity}在 {window}内扫过的、序号相差小于 {near} 的码，最多 {up_to}。",
            "Codes of {entity}, {window}, less than {near} serials off; up to {up_to}.",
        ),
        "fact_rhythm_median": (
            "该会员最近 10 次扫码间隔的中位数；不足 10 次则未知。",
            "The median time between the member's last 10 scans; unknown of fewer.",
        ),
        "fact_rhythm_variation": (
            "该会员最近 10 次扫码间隔的变异系数（标准差除以均值）；机器接近 0。",
            "How much the time between the last 10 scans varies; near 0 for machines.",
        ),
        "fact_recent_batches": (
            "该会员最近 20 次扫码来自多少个批次；不足 20 次则未知。",
            "From how many batches the member's last 20 scans are; unknown of fewer.",
        ),
        "fact_recent_origins": (
            "该会员最近 20 次扫码来自多少种产地与销售区域；不足 20 次则未知。",
            "From how many plants and sale regions the member's last 20 scans are.",
        ),
        "fact_recent_span": (
            "该会员最近 20 次扫码历时多久；不足 20 次则未知。",
            "How long the member's last 20 scans took; unknown of fewer.",
        ),
        # What counters tell apart
        "distinct_member": ("会员", "members"),
        "distinct_device": ("设备", "devices"),
        "distinct_network": ("网络", "networks"),
        "distinct_code": ("码", "codes"),
        "distinct_session": (
            "扫码者（设备，否则会员，否则网络）",
            "scanners (devices, else members, else networks)",
        ),
        # Entities
        "entity_member": ("该会员", "the member"),
        "entity_device": ("该设备", "the device"),
        "entity_network": ("该网络", "the network"),
        "entity_code": ("该码", "the code"),
        "entity_site": ("该 IPv6 /48 网段", "the IPv6 /48 of the network"),
        "entity_linked": (
            "经其他网站链接而来的该网络",
            "the network by links of other sites",
        ),
        "entity_app": ("该应用令牌", "the app's token"),
        "entity_cell": ("该 H3 单元（8 级）", "the H3 cell of resolution 8"),
        # Windows
        "window_days": ("{n} 天", "{n} d"),
        "window_hours": ("{n} 小时", "{n} h"),
        "window_minutes": ("{n} 分钟", "{n} min"),
        "window_seconds": ("{n} 秒", "{n} s"),
        # Rule sets, for who writes them
        "rule_set_wrong": (
            "规则集的 {where} 有误：{what}",
            "The rule set is wrong at {where}: {what}",
        ),
        "rule_set_wrong_often": (
            "规则集有 {count} 处错误，第一处在 {where}：{what}",
            "The rule set has {count} mistakes, the first at {where}: {what}",
        ),
        "no_rule_set": (
            "没有可用的规则集；日志写明了每一个的错误。",
            "No rule set can be read; the log says what is wrong with each.",
        ),
        "list_needed": (
            "应为列表。",
            "Give a list.",
        ),
        "named_twice": (
            "{name!r} 出现了两次；请删去一个，或改名。",
            "{name!r} stands here twice; leave one out, or name it differently.",
        ),
        "hold_not_below": (
            "hold 是 {hold}，应小于 refuse 的 {refuse}。",
            "hold is {hold}; give a number below refuse, which is {refuse}.",
        ),
        "high_prize_not_below": (
            "high_prize 的 hold 是 {hold}，应小于 {below}。",
            "hold of high_prize is {hold}; give a number below hold, which is {below}.",
        ),
        "no_entity": (
            "没有 {given!r} 这种对象；可用的有：{known}。",
            "There is no entity {given!r}; known are: {known}.",
        ),
        "distinct_is_entity": (
            "{entity} 的扫码只涉及一个 {entity}；请换一个 distinct。",
            "Scans of one {entity} have one {entity}; tell something else apart.",
        ),
        "needs_distinct": (
            "{field} 只能与 distinct 一起使用。",
            "{field} goes with distinct only.",
        ),
        "near_needs_codes": (
            "near 只能与 distinct: code 一起使用。",
            "near goes with distinct: code only.",
        ),
        "no_choice": (
            "这里不能写 {given!r}；可选的有：{known}。",
            "{given!r} is none of the choices; they are: {known}.",
        ),
        "day_needed": (
            "应为日期，如 2027-03-01，在 2000 至 2199 年之间。",
            "Give a day such as 2027-03-01, of the years 2000 to 2199.",
        ),
        "name_too_long": (
            "名称最多 {most} 个字符。",
            "A name has {most} characters at most.",
        ),
        "list_too_long": (
            "最多 {most} 项，这里有 {count} 项。",
            "At most {most} are possible, and here are {count}.",
        ),
        # Rule sets that can be read, and do not do what their author may think
        "warn_never_fires": (
            "规则 {rule} 的条件自相矛盾，永远不会命中。",
            "The conditions of the rule {rule} contradict each other: it never hits.",
        ),
        "warn_expired": (
            "规则 {rule} 已于 {day} 到期，不会再命中。",
            "The rule {rule} ended on {day} and does not hit any more.",
        ),
        "warn_not_rebuildable": (
            "规则 {rule} 读取的 {fact} 事后无法重建；扫码时未记下的，该规则不起作用。",
            "The rule {rule} reads {fact}, which only scans that kept it tell later.",
        ),
        "warn_never_counted": (
            "扫码不按 {entity} 计数，{fact} 永远未知；可用的有：{known}。",
            "Scans are counted by {known}, not by {entity}: {fact} is unknown.",
        ),
        "warn_beyond_up_to": (
            "规则 {rule} 用 {value} 与 {fact} 比较，但它最多数到 {up_to}。",
            "The rule {rule} compares {fact} with {value}; it counts up to {up_to}.",
        ),
        "warn_out_of_reach": (
            "所有规则的分数之和最多 {most}，达不到 {name} 的 {at}。",
            "All scores add to {most} at most, which never reaches {name} at {at}.",
        ),
        # Lists
        "no_such_list": (
            "没有 {given!r} 这个名单；可用的有：{known}。",
            "There is no list {given!r}; known are: {known}.",
        ),
        "no_such_entry": (
            "没有编号为 {entry_id} 的名单条目。",
            "There is no entry {entry_id}, or it was removed.",
        ),
        "entry_stands": (
            "{value} 已在 {list} 名单上；请先移除。",
            "{value} is on the list {list} already; remove that entry first.",
        ),
        "entry_is_over": (
            "截止时间已过；请写将来的时间。",
            "That time is over; give one that is to come.",
        ),
        "lists_full": (
            "名单最多共 {most} 条；请先移除一些。",
            "All lists have {most} entries together at most; remove some first.",
        ),
        "entry_network_form": (
            "应为 CIDR 网段，如 192.0.2.0/24，不是 {given!r}。",
            "Give a network as CIDR, such as 192.0.2.0/24, not {given!r}.",
        ),
        "entry_cell_form": (
            "应为 8 级或更粗的 H3 单元，如 8831aa50d5fffff，不是 {given!r}。",
            "Give an H3 cell of resolution 8 or coarser, not {given!r}.",
        ),
        "entry_product_form": (
            "应为 GTIN，如 06901234567892，不是 {given!r}。",
            "Give a GTIN, such as 06901234567892, not {given!r}.",
        ),
        "entry_range_form": (
            "应为批次号，或批次号:起-止（序号），并且存在；{given!r} 不是。",
            "Give a batch, or BATCH:FROM-TO by indexes, that there is; not {given!r}.",
        ),
        # Incidents
        "no_incident": (
            "没有这个事件。",
            "There is no such incident.",
        ),
        "incident_closed": (
            "{person} 已关闭此事件。",
            "{person} has closed this incident already.",
        ),
        "incidents_of_all_brands": (
            "事件涵盖所有品牌，而此令牌只限其中之一。",
            "Incidents are of all brands; this token is for one.",
        ),
        "no_incident_there": (
            "这个游标不是我们给出的。",
            "This cursor is none of ours.",
        ),
        # The life of rule sets
        "no_such_rule_set": (
            "没有版本为 {version} 的规则集。",
            "There is no rule set {version}.",
        ),
        "rules_of_all": (
            "规则集和名单对所有品牌生效；请由不限品牌的人员操作。",
            "Rules and lists hold for all brands; this takes staff of no single brand.",
        ),
        "rule_set_is": (
            "规则集 {version} 是{state}，不能这样改变。",
            "Rule set {version} is {state}, and can't be changed so.",
        ),
        "state_draft": ("草稿", "a draft"),
        "state_committed": ("已提交的", "committed"),
        "state_shadow": ("影子运行中的", "in the shadow"),
        "state_active": ("生效中的", "active"),
        "state_retired": ("已停用的", "retired"),
        "rules_take_two": (
            "规则集 {version} 由 {person} 编写；请另一人启用。",
            "{person} wrote rule set {version}; let somebody else activate it.",
        ),
        "other_is_active": (
            "当前生效的是 {active}，不是 {expected}；请重新查看。",
            "{active} is active, not {expected}; look at it again.",
        ),
        "shadow_within": (
            "截止时间应在将来，最多 {days} 天。",
            "Give an end that is to come, within {days} days.",
        ),
        "other_in_shadow": (
            "规则集 {version} 正在影子运行；请先结束它。",
            "Rule set {version} runs in the shadow; end that first.",
        ),
        "never_in_shadow": (
            "规则集 {version} 没有影子运行过。",
            "Rule set {version} never ran in the shadow.",
        ),
        "nothing_before": (
            "规则集 {version} 之前没有生效过的版本。",
            "No rule set was active before {version}.",
        ),
    },
    OF_CASES,
)
