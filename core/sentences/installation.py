"""What there is to say of settings and files, to who runs an installation."""

from typing import Final

from core.messages import Sentences

INSTALLATION: Final[Sentences] = {
    "not_an_origin": (
        (
            "{text!r} 不只是协议和主机；请写成 HTTPS://BRAND.EXAMPLE 这样，不要"
            "带路径、参数或用户名。"
        ),
        (
            "{text!r} is not scheme and host alone; write it like "
            "HTTPS://BRAND.EXAMPLE, without a path, a query or a user's name."
        ),
    ),
    "not_a_port": (
        "{port} 不是端口；端口从 1 到 {last}。",
        "{port} is not a port; ports are 1 to {last}.",
    ),
    "not_a_host": (
        "{host!r} 不是主机名。",
        "{host!r} is not the name of a host.",
    ),
    "not_a_host_because": (
        "{host!r} 不是主机名：{why}。",
        "{host!r} is not the name of a host: {why}.",
    ),
    "not_an_address": (
        "{host!r} 不是主机地址。",
        "{host!r} is not the address of a host.",
    ),
    "setting_wrong": (
        "设置 {setting}：{why}",
        "{setting}: {why}",
    ),
    "not_a_time_zone": (
        "CROWNCAP_TIMEZONE 是 {name!r}，不是时区；请写成 Asia/Shanghai 这样。",
        (
            "CROWNCAP_TIMEZONE is {name!r}, which is not a time zone; write it "
            "like Asia/Shanghai."
        ),
    ),
    "not_a_database_url": (
        (
            "CROWNCAP_DATABASE_URL 要以 postgresql:// 开头，例如 "
            "postgresql://user:password@host:5432/crowncap。"
        ),
        (
            "CROWNCAP_DATABASE_URL must begin with postgresql://, as in "
            "postgresql://user:password@host:5432/crowncap."
        ),
    ),
    "not_a_health_port": (
        "CROWNCAP_HEALTH_PORT 是 {text!r}；请写 1 到 {last} 的端口。",
        "CROWNCAP_HEALTH_PORT is {text!r}; write a port from 1 to {last}.",
    ),
    "not_late_hours": (
        "CROWNCAP_LATE_SCAN_HOURS 是 {text!r}；请写 0 到 {most} 的整小时数。",
        "CROWNCAP_LATE_SCAN_HOURS is {text!r}; write whole hours from 0 to {most}.",
    ),
    "not_a_network": (
        "{setting} 里的 {part!r} 不是网段；请写成 10.0.0.0/8 这样。",
        "{setting} holds {part!r}, which is not a network; write it like 10.0.0.0/8.",
    ),
    "wrapped_otherwise": (
        "{owner} 的密钥是用另一个签名密钥封存的；请恢复那个密钥文件。",
        (
            "The secret of {owner} was closed with another signing key; restore "
            "that key's file."
        ),
    ),
    "member_keys_unreadable": (
        "读不了 {path} 处的会员密钥：{why}。",
        "Cannot read the member keys at {path}: {why}.",
    ),
    "not_a_key_set": (
        "{path} 应是 JWK 集，`keys` 旁有 `issuer` 和 `audience`：{why}",
        ("{path} is not a JWK set with `issuer` and `audience` beside `keys`: {why}"),
    ),
    "members_keys": ("会员的验证密钥", "members' verification keys"),
    "members_signing_key": (
        "会员令牌的签名密钥",
        "key that signs members' tokens",
    ),
    "readable_by_others": (
        "{path} 处的{what}会被别人读到；请运行：chmod 600 {path}",
        "The {what} at {path} can be read by others; run: chmod 600 {path}",
    ),
    "writable_by_all": (
        "{path} 处的{what}谁都能改写；请运行：chmod o-w {path}",
        "The {what} at {path} can be written by everybody; run: chmod o-w {path}",
    ),
}
