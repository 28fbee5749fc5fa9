"""What admins read of jobs."""

from collections.abc import Mapping
from typing import Final

JOB_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "jobs": ("后台任务", "Jobs"),
    "jobs_lead": (
        "没有人等待结果的工作，例如定期清理；由 crowncap jobs 进程执行，可运行多个。",
        (
            "Work that nobody waits for, such as forgetting what is old. Processes of "
            "crowncap jobs do it; several may run."
        ),
    ),
    "job_runners": ("正在运行的进程", "Processes that run jobs"),
    "no_job_runner": (
        (
            "没有进程在执行任务，到期的任务会一直等待。"
            "请运行 crowncap up 或 crowncap jobs。"
        ),
        (
            "No process runs jobs, so what is due waits. Run crowncap up or crowncap "
            "jobs."
        ),
    ),
    "jobs_todo": ("待执行", "Due"),
    "jobs_doing": ("执行中", "Running"),
    "jobs_failed": ("失败", "Failed"),
    "jobs_none": ("没有。", "None."),
    "job_name": ("任务", "Job"),
    "job_tries": ("次数", "Tries"),
    "job_due_at": ("到期时间", "Due at"),
    "job_changed_at": ("最近变化", "Last change"),
    "job_args": ("参数", "For"),
    "job_at_once": ("立即", "at once"),
    "jobs_failed_hint": (
        "失败的原因写在日志里。失败的任务保留 14 天；定期的工作到下次会再做。",
        (
            "Why a job failed is in the log. Failed jobs are kept for 14 days; what is "
            "done regularly is done again at its next time."
        ),
    ),
}
