"""What is said of cases, to who works on them."""

from typing import Final

from core.messages import Sentences

OF_CASES: Final[Sentences] = {
    "no_case": (
        "没有这个案件。",
        "There is no such case.",
    ),
    "cases_of_all_brands": (
        "案件涵盖所有品牌，而此令牌只限其中之一。",
        "Cases are of all brands; this token is for one.",
    ),
    "case_changed": (
        "案件已有变化：现在是第 {version} 版，{state}。请重新查看。",
        "The case has changed: it is {state}, in version {version}. Look at it again.",
    ),
    "case_held": (
        "{person} 正在处理此案件；请由其处理，或请管理员改派。",
        "{person} works on this case: leave it to them, or have an admin reassign it.",
    ),
    "case_is": (
        "案件{state}，不能再这样做。",
        "The case is {state}, and this is no longer possible.",
    ),
    "case_open": ("待处理", "open"),
    "case_waiting": ("待第二人确认", "waiting for a second person"),
    "case_decided": ("已决定", "decided"),
    "decision_takes_two": (
        "{person} 已提出这项决定；请由另一人确认。",
        "{person} proposed this decision; somebody else has to approve it.",
    ),
    "snooze_within": (
        "请选择将来的时间，最多 {days} 天以后。",
        "Say a time to come, at most {days} days ahead.",
    ),
    "case_in_queue": (
        "案件已在队列 {queue} 中。",
        "The case is in the queue {queue} already.",
    ),
    "scan_not_waiting": (
        "有的扫码不在此案件中，或已经决定。",
        "Some of the scans are not in this case, or are decided.",
    ),
    "release_denied": (
        "只有拒绝时才能释放瓶盖码。",
        "Codes are released of what is denied only.",
    ),
    "undo_claimed_since": (
        "不能撤销：其中 {others} 个瓶盖码已由他人领取。",
        "It stays: {others} of its codes were claimed by others since.",
    ),
    "case_twice": (
        "同一案件出现了两次；请删去一个。",
        "A case stands here twice; leave one out.",
    ),
    "nothing_to_undo": (
        "没有可以撤销的决定。",
        "There is no decision to take back.",
    ),
    "undo_too_late": (
        "决定只能在 {minutes} 分钟内撤销；此后请客服撤回奖励。",
        "A decision is taken back within {minutes} minutes; have support reverse it.",
    ),
    "decision_spent": (
        "不能撤销：其中 {points} 分与 {others} 件奖励已用掉或送出。",
        "It stays: {points} points and {others} other rewards of it are spent or sent.",
    ),
    "undone_before": (
        "此决定已撤销过一次，第二次决定不能再撤销。",
        "What was decided here was taken back once; the second decision stands.",
    ),
    "undo_limit_full": (
        "不能撤销：其间额度已满（共 {most}）。",
        "This cannot be undone: a limit of {most} has no room for it meanwhile.",
    ),
    "no_action": (
        "没有这项操作。",
        "There is no such action.",
    ),
    "action_undone": (
        "{person} 已撤销这项操作。",
        "{person} has taken this action back.",
    ),
    "codes_stay": (
        "经第二人批准的作废与召回不可恢复；未批准的请求不予批准即可。",
        "Voids and recalls are for good once approved, and wait for nobody's undoing.",
    ),
    "action_needs": (
        "操作 {action} 还需要这些字段。",
        "The action {action} needs these fields too.",
    ),
    "no_case_there": (
        "这个游标不是我们给出的，或属于另一种排序。",
        "This cursor is none of ours, or of another order.",
    ),
    "settings_written": (
        "别人刚写了第 {version} 版；请重新查看。",
        "Somebody else has just written version {version}; look again.",
    ),
    "no_settings_version": (
        "没有第 {version} 版设置。",
        "There is no version {version} of the settings.",
    ),
    "settings_version_is": (
        "第 {version} 版设置不再是草稿。",
        "Version {version} of the settings is no draft any more.",
    ),
    "settings_take_two": (
        "{person} 写了这一版设置；请由另一人批准。",
        "{person} wrote this version; somebody else has to approve it.",
    ),
}
