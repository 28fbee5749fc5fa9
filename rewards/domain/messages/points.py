"""What rewards has to say of points: the programme, and what is given by hand."""

from typing import Final

from core.messages import Sentences

POINTS: Final[Sentences] = {
    # The programme, and points given and taken by hand
    "points_end_twice": (
        "points_valid_months 与 points_expire_on 只能填写一个。",
        "Give points_valid_months or points_expire_on, not both.",
    ),
    "no_day_of_year": (
        "请按 MM-DD 填写一年中的一天，例如 12-31。",
        "Write a day of the year as MM-DD, such as 12-31.",
    ),
    "programme_of_all": (
        "积分规则涵盖所有品牌，而此令牌只限其中之一。",
        "The programme is of all brands; this token is for one.",
    ),
    "programme_written": (
        "刚有人写了版本 {version}；请再看一遍再写。",
        "Somebody has just written version {version}; look at it first.",
    ),
    "no_programme_version": (
        "积分规则没有版本 {version}。",
        "The programme has no version {version}.",
    ),
    "no_member": (
        "没有会员 {member_id}。",
        "There is no member {member_id}.",
    ),
    "no_adjustment": (
        "没有此积分调整。",
        "There is no such adjustment.",
    ),
    "adjustment_posted": (
        "此积分调整已经入账。",
        "This adjustment was posted already.",
    ),
    "adjustment_rejected": (
        "此积分调整已被拒绝。",
        "This adjustment was rejected.",
    ),
    "adjustment_takes_two": (
        "积分调整须由另一人批准或拒绝；提出者是 {person}。",
        "Somebody else than {person}, who asked for it, decides on an adjustment.",
    ),
    "nothing_to_adjust": (
        "积分数不能为 0。",
        "Say how many points, more or fewer; 0 changes nothing.",
    ),
    "not_enough_points": (
        "会员只有 {worth:,} 积分，不够 {amount:,}。",
        "The member has {worth:,} points, which is less than {amount:,}.",
    ),
    "nothing_earned": (
        "没有此次扫码的奖励记录。",
        "There is no scan of this number that earned anything.",
    ),
    "nothing_waits": (
        "此次扫码没有待审核的奖励；请选择其他收回方式。",
        "Nothing that this scan earned waits for a review; choose another policy.",
    ),
    "scan_reversed": (
        "此次扫码的奖励已经收回。",
        "What this scan earned was taken back already.",
    ),
    "rebuilds_already": (
        "另一进程正在重算账本；请等它结束。",
        "Somebody else rebuilds the ledger; let them end first.",
    ),
    "programme_version_is": (
        "积分规则的版本 {version} 的状态是 {state}。",
        "Version {version} of the programme is {state}.",
    ),
}
