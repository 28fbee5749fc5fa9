"""What analysts read of incidents."""

from collections.abc import Mapping
from typing import Final

INCIDENT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "incidents": ("事件", "Incidents"),
    "incidents_lead": (
        "应当立刻有人看的事。认领后仍为未结，查清后结案；再次发生会重新打开。",
        (
            "What somebody should look at now. An incident stays open while somebody "
            "looks after it, is closed with what it was, and opens again if seen again."
        ),
    ),
    "incidents_open": ("未结", "Open"),
    "incidents_closed": ("已结", "Closed"),
    "incidents_none": ("这里没有事件。", "No incident here."),
    # What was seen --------------------------------------------------------------------
    "incident_kind": ("类型", "Kind"),
    "incident_leak": ("泄露", "Leak"),
    "incident_about_leak": (
        "一批尚未启用的码被人扫描：多半是码文件外泄。",
        "Codes of a batch that is not active are scanned: probably its file is out.",
    ),
    "incident_early_scan": ("过早扫描", "Early scans"),
    "incident_about_early_scan": (
        "已签发、未启用的码被扫描或查看：这是码文件外泄的最好迹象。",
        "Codes that are issued and not active are scanned or looked at.",
    ),
    "incident_clone": ("克隆", "Clones"),
    "incident_about_clone": (
        "多个会话重复扫描同一批码：多半是复制的码。",
        "Several people scan the same codes: probably they were copied.",
    ),
    "incident_diversion": ("窜货", "Diversion"),
    "incident_about_diversion": (
        "一家经销商的货在销售区域之外被扫描。",
        "A dealer's goods are scanned outside their sale region.",
    ),
    "incident_honey": ("诱饵码", "Honey code"),
    "incident_about_honey": (
        "从未印刷的诱饵码被扫描：码文件一定外泄了。",
        "A code that was never printed is scanned: a file is out.",
    ),
    "incident_win_rate": ("中奖率异常", "Win rate"),
    "incident_about_win_rate": (
        "一地的中奖远多于应有的概率。",
        "A region wins far more than it should by chance.",
    ),
    "incident_invalid_flood": ("无效码泛滥", "Flood of wrong codes"),
    "incident_about_invalid_flood": (
        "无效的码远多于平常：有人在猜码，或有仿冒品。",
        "Far more wrong codes than usual: somebody guesses, or there are fakes.",
    ),
    "incident_outflow": ("支出过快", "Outflow"),
    "incident_about_outflow": (
        "一项活动的支出远超预计。",
        "A campaign pays far more than was forecast.",
    ),
    "incident_breaker": ("熔断", "Breaker"),
    "incident_about_breaker": (
        "一小时内拒绝太多，此后的拒绝改为扣下待审。",
        "Too many refusals in an hour: what would be refused is held instead.",
    ),
    "incident_key_leak": ("密钥外泄", "Key leak"),
    "incident_about_key_leak": (
        "出现了能打开、却从未签发的码：密钥可能外泄，请按手册处理。",
        "A code opens that nobody issued: somebody may have the key. See the runbook.",
    ),
    "incident_code_guessing": ("令牌猜码", "Guessing by a token"),
    "incident_about_code_guessing": (
        "一个令牌试了太多错误的码。",
        "A token tried too many wrong codes.",
    ),
    # What it is of, and what is known of it -------------------------------------------
    "incident_of_batch": ("批次", "batch"),
    "incident_of_package": ("码包", "package"),
    "incident_of_roll": ("卷", "roll"),
    "incident_of_code": ("码", "code"),
    "incident_of_member": ("会员", "member"),
    "incident_of_device": ("设备", "device"),
    "incident_of_network": ("网络", "network"),
    "incident_of_dealer": ("经销商", "dealer"),
    "incident_of_campaign": ("活动", "campaign"),
    "incident_of_tier": ("奖级", "tier"),
    "incident_of_token": ("令牌", "token"),
    "incident_of_all": ("全部", "all of it"),
    "incident_case": ("打开案件", "Open the case"),
    "incident_detail_codes": ("码数", "Codes"),
    "incident_detail_looks": ("查看次数", "Looked at"),
    "incident_detail_scans": ("扫码次数", "Scanned"),
    "incident_detail_outside": ("区域外的码数", "Codes outside"),
    "incident_detail_campaign_id": ("活动", "Campaign"),
    "incident_detail_offer_id": ("奖励项", "Offer"),
    "incident_detail_tier_id": ("奖级", "Tier"),
    "incident_detail_region": ("地区", "Region"),
    "incident_detail_wins": ("中奖次数", "Wins"),
    "incident_detail_expected": ("按概率应中", "Expected by its odds"),
    "incident_detail_sigma": ("超出标准差倍数", "Standard deviations above"),
    "incident_detail_claims": ("参与抽奖的码数", "Claims that could win"),
    "incident_detail_days": ("统计天数", "Within days"),
    "incident_detail_printhouse": ("印刷厂", "Print house"),
    "incident_detail_batch_id": ("批次", "Batch"),
    "incident_detail_roll": ("卷", "Roll"),
    "incident_detail_codes_in_a_minute": (
        "一分钟内的无效码",
        "Wrong codes in a minute",
    ),
    "incident_detail_refusals_in_an_hour": ("一小时内的拒绝", "Refusals in an hour"),
    "incident_detail_at_most": ("上限", "At most"),
    "incident_detail_outflow": (
        "今天 {today}，往日 {expected}",
        "{today} today, {expected} usually",
    ),
    "incident_places": ("涉及的货销往哪里", "Where their goods are sold"),
    "incident_places_about": (
        "本页的事件按批次的销售区域计；销往几地的，每地各计一次。",
        (
            "The incidents of this page by the sale regions of their batches; each "
            "counts in every region where its goods are sold."
        ),
    ),
    "incident_anywhere": ("全国或不限", "everywhere"),
    "incident_unplaced": (
        "不属于一个批次（经销商、活动、令牌）",
        "of no single batch (dealers, campaigns, tokens)",
    ),
    # What to do -----------------------------------------------------------------------
    "incident_seen": ("次数", "Seen"),
    "incident_first": ("首次", "First"),
    "incident_last": ("最近", "Last"),
    "incident_again": ("再次打开", "opened again"),
    "incident_looked_after": ("处理人", "Looked after by"),
    "incident_closed": ("结案", "Closed"),
    "incident_confirmed": ("属实", "confirmed"),
    "incident_false_alarm": ("误报", "false alarm"),
    "incident_do": ("处理", "Look after it, or close it"),
    "incident_note": ("在做什么，或查明了什么", "What is done, or what it was"),
    "incident_look_after": ("我来处理", "I look after it"),
    "incident_close_confirmed": ("结案：属实", "Close: confirmed"),
    "incident_close_false_alarm": ("结案：误报", "Close: false alarm"),
    "incident_freeze": ("冻结该奖级", "Freeze the tier"),
    "incident_thaw": ("解除冻结", "Let it pay again"),
    "incident_freeze_about": (
        "冻结后该奖级在各地都不再发奖，抽中者得下一奖级；解除后恢复。",
        (
            "While it is frozen the tier pays nothing, in any region; who wins it "
            "gets the next one."
        ),
    ),
    "incident_close_hint": (
        "误报结案后，因它而等待的不再等待；属实的继续等待。",
        (
            "After a false alarm nothing waits for it any more; what waits for a "
            "confirmed one goes on waiting."
        ),
    ),
}
