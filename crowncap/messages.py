"""What crowncap itself tells who asks over HTTP; its commands speak English."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # What one caller, and all of them, may hold
        "crowded": (
            "同时到来的请求太多，请稍后再来。",
            "There are too many requests at once; come back in a moment.",
        ),
        "too_many_at_once": (
            "同一地址最多同时发 {most} 个请求，请等它们得到答复。",
            (
                "From one address there are at most {most} requests at once; wait "
                "for their answers."
            ),
        ),
        "body_too_slow": (
            "内容没有及时到齐：限时 {seconds:g} 秒，每到 {size:,} 字节再加 1 秒。",
            (
                "The body did not come: there are {seconds:g} s for it, and 1 s more "
                "for each {size:,} bytes that have come."
            ),
        ),
        "too_many_large_bodies": (
            "同时到来的大请求太多，请稍后再来。",
            "There are too many large bodies at once; come back in a moment.",
        ),
        "too_many_slow_bodies": (
            "这个地址有太多请求还没发完，请把内容一次发完。",
            "Too many bodies from this address are under way; send them whole.",
        ),
    },
    {
        # Health, metrics and problems
        "ask_health_by_get": (
            "请用 GET 查询健康状态。",
            "Health is asked for with GET.",
        ),
        "no_such_health": (
            "这里只有 /health/live 和 /health/ready。",
            "There are /health/live and /health/ready.",
        ),
        "no_worker_serves": (
            "还没有工作进程在服务。",
            "No worker serves yet.",
        ),
        "worker_silent": (
            "有一个工作进程没有答复。",
            "A worker does not answer.",
        ),
        "metrics_of_all_brands": (
            "指标涵盖所有品牌，而此令牌只限其中之一。",
            "Metrics are of all brands; this token is for one.",
        ),
        "no_problem_code": (
            "没有这个代码；/problems 列出全部代码。",
            "There is no such code; /problems lists all.",
        ),
        "rules_file_too_large": (
            "文件超过 1 MiB，不是规则集。",
            "The file has more than 1 MiB: that is no rule set.",
        ),
        "rules_no_json": (
            "文件不是 JSON：{what}。",
            "The file is no JSON: {what}.",
        ),
    },
)
