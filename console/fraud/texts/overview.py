"""What analysts read of how it goes."""

from collections.abc import Mapping
from typing import Final

OVERVIEW_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "fraud": ("反欺诈概况", "How it goes"),
    "fraud_days": ("天", "days"),
    "fraud_counted": (
        "扫码和决定按天累计，最近十分钟的尚未计入；统计于",
        "Counted by day, but for the last ten minutes, at",
    ),
    "fraud_not_counted": (
        "尚未统计；后台任务每分钟统计一次。",
        "Nothing is counted yet; a job does so each minute.",
    ),
    "fraud_stopped": ("扣下与拒绝", "Held and refused"),
    "fraud_stopped_by": ("日期", "Day"),
    "fraud_outcomes": ("扫码结果", "Outcomes"),
    "fraud_outcomes_by": ("日期", "Day"),
    "fraud_scores": ("分数分布", "Scores"),
    "fraud_scores_by": ("分数", "Score"),
    "fraud_scored": (
        "次扫码有规则命中，其余为零分。",
        "scans were hit by a rule; all others scored nothing.",
    ),
    "fraud_of_score": ("扫码", "scans"),
    "fraud_of_rewarded": ("已奖励", "rewarded"),
    "fraud_of_unpaid": ("无奖励或达到上限", "no reward, limits"),
    "fraud_of_repeated": ("重复或查验", "repeated, looked at"),
    "fraud_of_unfit": ("未启用或召回", "not active, recalled"),
    "fraud_of_held": ("扣下", "held"),
    "fraud_of_refused": ("拒绝", "refused"),
    # What waits -----------------------------------------------------------------------
    "fraud_waiting": ("待处理的案件", "Open cases"),
    "fraud_not_all": ("只统计最先到期的", "Only those due first are counted:"),
    "fraud_due": ("何时到期", "Due"),
    "fraud_due_day_over": ("超时一天以上", "more than a day overdue"),
    "fraud_due_over": ("已超时", "overdue"),
    "fraud_due_hours_4": ("4 小时内", "within 4 h"),
    "fraud_due_hours_12": ("12 小时内", "within 12 h"),
    "fraud_due_day": ("一天内", "within a day"),
    "fraud_due_later": ("更晚", "later"),
    "fraud_age": ("已等多久", "Age"),
    "fraud_age_0": ("不到一天", "less than a day"),
    "fraud_age_1": ("1 天", "1 day"),
    "fraud_age_2": ("2 天", "2 days"),
    "fraud_age_3": ("3 天", "3 days"),
    "fraud_age_4": ("4 天", "4 days"),
    "fraud_age_5": ("5 天", "5 days"),
    "fraud_age_6": ("6 天", "6 days"),
    "fraud_age_7": ("7 天以上", "7 days or more"),
    # Rules ----------------------------------------------------------------------------
    "fraud_rules": ("各条规则", "Rules"),
    "fraud_rule": ("规则", "Rule"),
    "fraud_hits": ("命中", "Hits"),
    "fraud_held": ("扣下", "Held"),
    "fraud_refused": ("拒绝", "Refused"),
    "fraud_decided": ("已决定的案件", "Cases decided"),
    "fraud_false": ("其中误扣", "False"),
    "fraud_value": ("拦下的金额", "Stopped"),
    "fraud_both": ("最常同时命中", "Most often with"),
    "fraud_rules_hint": (
        (
            "误扣为人工通过的案件所占比例；拦下的金额为拒绝的案件所扣的奖励；"
            "最后一列为同时命中所占比例。"
        ),
        (
            "False is the share of decided cases that were approved; stopped is what "
            "denied cases held; the last column says of which share of its hits."
        ),
    ),
    "fraud_no_rules": ("这些天没有规则命中。", "No rule hit in these days."),
    "fraud_places": ("扣下与拒绝的扫码在哪里", "Where scans were held or refused"),
}
