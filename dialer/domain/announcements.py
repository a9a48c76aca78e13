"""What a carrier's announcement says about the number, and when to dial it again.

The classes are those that two products on the Chinese market report for 彩铃 and announcements in early media; the
signalling beside them stays at 180 or 183 and says nothing. Announcements of other countries fall into the same classes.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from dialer.domain.disposition import Disposition
from dialer.domain.recycling import RetryRule


class Announcement(StrEnum):
    VACANT = "vacant"  # 空号
    CHANGED = "changed"  # 改号
    SUSPENDED = "suspended"  # 停机
    ARREARS = "arrears"  # 欠费
    PAUSED = "paused"  # 暂停服务
    POWERED_OFF = "powered_off"  # 关机
    UNREACHABLE = "unreachable"  # 无法接通
    OUT_OF_COVERAGE = "out_of_coverage"  # 不在服务区
    IN_CALL = "in_call"  # 通话中
    USER_BUSY = "user_busy"  # 用户正忙
    REJECTED = "rejected"  # 拒接
    NO_ANSWER = "no_answer"  # 无人接听
    BARRED = "barred"  # 呼入限制
    FORWARD_FAILED = "forward_failed"  # 呼叫转移失败
    CALL_REMINDER = "call_reminder"  # 来电提醒
    NETWORK_BUSY = "network_busy"  # 网络忙
    LINE_FAULT = "line_fault"  # 线路故障


class NumberIs(StrEnum):
    """What is known of the number afterwards."""

    DEAD = "dead"
    """Nobody has it any more."""
    DEAD_FOR_NOW = "dead_for_now"
    """Somebody has it, and it will not work for days: a bill, a contract."""
    TRY_LATER = "try_later"
    TRY_SOON = "try_soon"
    BY_POLICY = "by_policy"
    """It works, and the called party or the network does not want the call: what follows is the campaign's to say."""
    CHECK_TRUNK = "check_trunk"
    """Nothing is known of the number: the fault is on the way to it, and likely on other calls too."""


_NUMBER_IS: Mapping[Announcement, NumberIs] = {
    Announcement.VACANT: NumberIs.DEAD,
    Announcement.CHANGED: NumberIs.DEAD,
    Announcement.SUSPENDED: NumberIs.DEAD_FOR_NOW,
    Announcement.ARREARS: NumberIs.DEAD_FOR_NOW,
    Announcement.PAUSED: NumberIs.DEAD_FOR_NOW,
    Announcement.POWERED_OFF: NumberIs.TRY_LATER,
    Announcement.UNREACHABLE: NumberIs.TRY_LATER,
    Announcement.OUT_OF_COVERAGE: NumberIs.TRY_LATER,
    Announcement.IN_CALL: NumberIs.TRY_SOON,
    Announcement.USER_BUSY: NumberIs.TRY_SOON,
    Announcement.REJECTED: NumberIs.BY_POLICY,
    Announcement.NO_ANSWER: NumberIs.TRY_LATER,
    Announcement.BARRED: NumberIs.BY_POLICY,
    Announcement.FORWARD_FAILED: NumberIs.TRY_LATER,
    Announcement.CALL_REMINDER: NumberIs.TRY_LATER,
    Announcement.NETWORK_BUSY: NumberIs.TRY_SOON,
    Announcement.LINE_FAULT: NumberIs.CHECK_TRUNK,
}


def number_is(announcement: Announcement) -> NumberIs:
    return _NUMBER_IS[announcement]


_DISPOSITIONS: Mapping[Announcement, Disposition] = {
    Announcement.VACANT: Disposition.NOT_IN_SERVICE,
    Announcement.CHANGED: Disposition.NOT_IN_SERVICE,
    Announcement.SUSPENDED: Disposition.SUSPENDED,
    Announcement.ARREARS: Disposition.SUSPENDED,
    Announcement.PAUSED: Disposition.SUSPENDED,
    Announcement.POWERED_OFF: Disposition.POWERED_OFF,
    Announcement.UNREACHABLE: Disposition.UNREACHABLE,
    Announcement.OUT_OF_COVERAGE: Disposition.UNREACHABLE,
    Announcement.IN_CALL: Disposition.BUSY,
    Announcement.USER_BUSY: Disposition.BUSY,
    Announcement.REJECTED: Disposition.REJECTED,
    Announcement.NO_ANSWER: Disposition.NO_ANSWER,
    Announcement.BARRED: Disposition.BARRED,
    Announcement.FORWARD_FAILED: Disposition.UNREACHABLE,
    Announcement.CALL_REMINDER: Disposition.NO_ANSWER,
    Announcement.NETWORK_BUSY: Disposition.CONGESTION,
    Announcement.LINE_FAULT: Disposition.FAILED,
}


def disposition_of(announcement: Announcement) -> Disposition:
    return _DISPOSITIONS[announcement]


def default_announcement_rules() -> Mapping[Announcement, RetryRule]:
    """When to dial again after each; like `default_retry_rules`, which they come before. Every class has one.

    The delays are ours, no source names any: a phone that is switched off is mostly on again the same day, one out of
    reach within the hour, a bill is paid within days. `number_is_dead` moves on to the contact's next number.
    """
    dead = RetryRule(timedelta(minutes=5), 6, number_is_dead=True)
    return {
        Announcement.VACANT: dead,
        Announcement.CHANGED: dead,
        Announcement.SUSPENDED: RetryRule(timedelta(days=7), 3),
        Announcement.ARREARS: RetryRule(timedelta(days=3), 3),
        Announcement.PAUSED: RetryRule(timedelta(days=7), 3),
        Announcement.POWERED_OFF: RetryRule(timedelta(hours=4), 4),
        Announcement.UNREACHABLE: RetryRule(timedelta(hours=1), 5),
        Announcement.OUT_OF_COVERAGE: RetryRule(timedelta(hours=2), 4),
        Announcement.IN_CALL: RetryRule(timedelta(minutes=10), 5),
        Announcement.USER_BUSY: RetryRule(timedelta(minutes=15), 4),
        Announcement.REJECTED: RetryRule(timedelta(days=1), 2),
        Announcement.NO_ANSWER: RetryRule(timedelta(hours=2), 4),
        Announcement.BARRED: RetryRule(timedelta(days=7), 2),
        Announcement.FORWARD_FAILED: RetryRule(timedelta(hours=4), 3),
        Announcement.CALL_REMINDER: RetryRule(timedelta(hours=4), 3),
        Announcement.NETWORK_BUSY: RetryRule(timedelta(minutes=5), 6),
        Announcement.LINE_FAULT: RetryRule(timedelta(minutes=30), 6),
    }
