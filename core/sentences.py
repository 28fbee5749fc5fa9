"""What core has to say: of values, of forms, and of who may do what."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # Values from outside
        "no_date": (
            "{name} 写成了 {given}；程序常用它表示“没有日期”。请不要填写。",
            (
                "{name} is {given}, which programs write where there is no date; "
                "leave it out instead."
            ),
        ),
        "out_of_time": (
            "{name} 是 {given}；应在 {first} 到 {last} 之间。",
            "{name} is {given}; it has to lie from {first} to {last}.",
        ),
        "out_of_order": (
            "{name} 是 {given}，晚于 {end_name} {end}。",
            "{name} is {given}, after {end_name}, {end}.",
        ),
        "no_offset": (
            "请写明时区，例如 2026-05-01T08:00:00+08:00。",
            "Say the offset too: 2026-05-01T08:00:00Z.",
        ),
        "no_moment": (
            (
                "请写日期，例如 2027-01-01；或带时区的时间，例如 "
                "2027-01-01T08:00:00+08:00。"
            ),
            (
                "Say a day, 2027-01-01, or a moment with its offset, "
                "2027-01-01T08:00:00+08:00."
            ),
        ),
        "too_large": (
            "{name} 太大；最多 18 位数字。",
            "{name} is too large; it has at most 18 digits.",
        ),
        "not_a_number": (
            "{name} 不是数字。",
            "{name} is not a number.",
        ),
        "too_long": (
            "{name} 有 {length:,} 个字；最多 {most} 个。",
            "{name} has {length:,} characters; {most} are the most.",
        ),
        "unstorable": (
            (
                "{name} 含有无法显示的字符 U+{character:04X}（第 {place} 个字）；请删"
                "去。"
            ),
            (
                "{name} has a character that cannot be shown, U+{character:04X}, at "
                "place {place}; leave it out."
            ),
        ),
        "blank": (
            "{name} 是空白；请不要填写。",
            "{name} is blank; leave it out instead.",
        ),
        "number_too_large": (
            "没有编号这么大的东西。",
            "There is nothing under so large a number.",
        ),
        # Bodies, and the names in them
        "the_value": (
            "这个值",
            "The value",
        ),
        "the_body": (
            "正文",
            "The body",
        ),
        "body_not_utf8": (
            "正文从第 {place} 个字节起不是 UTF-8。",
            "The body is not UTF-8, from byte {place} on.",
        ),
        "body_not_json": (
            "正文不是 JSON：请看第 {line} 行第 {column} 个字符。",
            "The body is not JSON: see line {line}, character {column}.",
        ),
        "not_a_value_of_json": (
            "正文不是 JSON：JSON 里没有 {given}。",
            "The body is not JSON: {given} is not a value of JSON.",
        ),
        "body_too_deep": (
            "正文嵌套得太深。",
            "The body is nested too deeply.",
        ),
        "too_many_digits": (
            "正文里有一个数字位数太多。",
            "The body has a number with too many digits.",
        ),
        "half_a_character": (
            "{name} 含有半个字符（不成对的代理项）；请删去。",
            "{name} has half of a character; leave it out.",
        ),
        "unknown_name": (
            "这里没有 {given!r}；可用的有：{known}。",
            "{given!a} is not known here; known are: {known}.",
        ),
        "unknown_name_meant": (
            "这里没有 {given!r}；是不是 {nearest}？",
            "{given!a} is not known here; did you mean {nearest}?",
        ),
        "no_names": (
            "这里没有 {given!r}；这里不收任何参数。",
            "{given!a} is not known here; nothing is.",
        ),
        "missing": (
            "缺少 {name}。",
            "{name} is missing.",
        ),
        "wrong_type": (
            "{name}：应为{wanted}，不是{got}。",
            "{name}: send {wanted}, not {got}.",
        ),
        "either": (
            "{one}或{other}",
            "{one} or {other}",
        ),
        "list_length": (
            "{name}：应有{limit} {count:,} 项。",
            "{name}: it has {limit} {count:,} entries.",
        ),
        "text_length": (
            "{name}：应有{limit} {count:,} 个字符。",
            "{name}: it has {limit} {count:,} characters.",
        ),
        "out_of_bounds": (
            "{name}：应{limit} {bound}。",
            "{name}: it is {limit} {bound}.",
        ),
        "wrong_form": (
            "{name}：应为{wanted}。",
            "{name}: it is not {wanted}.",
        ),
        "wrong_pattern": (
            "{name}：写法不对；请写成 {example} 这样。",
            "{name}: it is not written as it has to be, like {example}.",
        ),
        "unreadable": (
            "{name}：无法读取。",
            "{name}: it cannot be read.",
        ),
        "not_a_choice": (
            "{name}：没有 {given!r}；可选的有：{choices}。",
            "{name}: {given!a} is not one of: {choices}.",
        ),
        "at_least": ("至少", "at least"),
        "at_most": ("最多", "at most"),
        "exactly": ("正好", "exactly"),
        "not_below": ("不小于", "at least"),
        "not_above": ("不大于", "at most"),
        "above": ("大于", "more than"),
        "below": ("小于", "less than"),
        "a_whole_number": ("整数", "a whole number"),
        "a_number": ("数字", "a number"),
        "a_fraction": ("小数", "a number with a fraction"),
        "a_text": ("文字", "text"),
        "true_or_false": ("true 或 false", "true or false"),
        "a_list": ("列表", "a list"),
        "an_object": ("有名称的一组值", "an object with named fields"),
        "a_day": ("日期，例如 2026-05-01", "a day, like 2026-05-01"),
        "a_time": (
            "带时区的时间，例如 2026-05-01T08:00:00+08:00",
            "a time with its offset, like 2026-05-01T08:00:00Z",
        ),
        # Requests
        "query_missing": (
            "请在网址里写明 {name}：?{name}=…。",
            "Say {name} in the address: ?{name}=….",
        ),
        "body_missing": (
            "缺少正文。",
            "A body is missing.",
        ),
        "send_json": (
            "请以 application/json、UTF-8 编码发送正文。",
            "Send the body as application/json, in UTF-8.",
        ),
        "coded_body": (
            "正文的 Content-Encoding 是 {coding!r}；请不要压缩，原样发送。",
            "The body comes with Content-Encoding {coding!a}; send it as it is.",
        ),
        "wrong_method": (
            "这个地址不接受 {method}；请用 {allowed}。",
            "{method} is not for this address; use {allowed}.",
        ),
        "no_such_address": (
            "这个地址没有内容。",
            "There is nothing at this address.",
        ),
        "body_too_large": (
            "正文太大，超过这个地址的上限。",
            "The body is larger than this address takes.",
        ),
        "request_unreadable": (
            "这个请求无法读取。",
            "The request cannot be read.",
        ),
        "request_refused": (
            "这个请求被拒绝。",
            "The request was refused.",
        ),
        "key_form": (
            "Idempotency-Key 应为 1 到 64 个可打印的 ASCII 字符。",
            "An Idempotency-Key is 1 to 64 printable ASCII characters.",
        ),
        "key_reused": (
            "这个 Idempotency-Key 用过，而且正文不同。",
            "This Idempotency-Key was used before with another body.",
        ),
        "database_away": (
            "数据库连接不上，没有做任何更改；请稍后再试。",
            "The database cannot be reached; nothing was done. Try again.",
        ),
        # Forms
        "given_twice": (
            "{name!r} 写了 {times} 次；请只写一次。",
            "{name!a} is given {times} times; say it once.",
        ),
        "foreign_form": (
            "表单不是从本站发出的。",
            "The form came from another site.",
        ),
        "stale_form": (
            "页面已过期，请返回刷新后再试。",
            "The form's token is missing or old.",
        ),
        "strange_form": (
            "这不是本站的表单。",
            "The form is not one of ours.",
        ),
        "form_too_large": (
            "表单最多 {most:,} 字节。",
            "A form has at most {most:,} bytes.",
        ),
        # Who may do what
        "token_needed": (
            "这里需要令牌：Authorization: Bearer TOKEN。",
            "This needs a token: Authorization: Bearer TOKEN.",
        ),
        "write_bearer": (
            "请这样写：Authorization: Bearer TOKEN。",
            "Write it like: Authorization: Bearer TOKEN.",
        ),
        "staff_token_unknown": (
            "这个员工令牌不存在、已过期或已被撤销。",
            "This staff token is unknown, expired or revoked.",
        ),
        "no_staff_token": (
            "没有员工令牌 {token_id}。",
            "There is no staff token {token_id}.",
        ),
        "member_token_expired": (
            "会员令牌已过期。",
            "The member's token has expired.",
        ),
        "member_token_early": (
            "会员令牌尚未生效。",
            "The member's token is not valid yet.",
        ),
        "member_token_stranger": (
            "会员令牌的签名密钥不认识。",
            "The member's token is signed by an unknown key.",
        ),
        "member_token_invalid": (
            "会员令牌无效。",
            "The member's token is not valid.",
        ),
        "member_token_nameless": (
            "会员令牌没有写明会员。",
            "The member's token names nobody.",
        ),
        "staff_token_needed": (
            "这里需要员工令牌：Authorization: Bearer …。",
            "This needs a staff token: Authorization: Bearer ….",
        ),
        "role_not_allowed": (
            "角色 {role} 不能做这件事；需要 {allowed}。",
            "Role {role} may not do this; it takes {allowed}.",
        ),
        "too_many_wrong_codes": (
            (
                "今天用这个令牌查的码里，不属于您批次的已超过 {most:,} 个；明天（UTC）"
                "再查码，今天仍可按序号或按卷操作。"
            ),
            (
                "This token has named more than {most:,} codes today that are not of "
                "its batches. It may name codes again tomorrow (UTC); by index or "
                "unit it still may."
            ),
        ),
        # Settings, for who runs an installation
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
        "not_a_network": (
            (
                "CROWNCAP_TRUSTED_PROXIES 里的 {part!r} 不是网段；请写成 10.0.0.0/8 "
                "这样。"
            ),
            (
                "CROWNCAP_TRUSTED_PROXIES holds {part!r}, which is not a network; "
                "write it like 10.0.0.0/8."
            ),
        ),
        "member_keys_unreadable": (
            "读不了 {path} 处的会员密钥：{why}。",
            "Cannot read the member keys at {path}: {why}.",
        ),
        "not_a_key_set": (
            "{path} 应是 JWK 集，`keys` 旁有 `issuer` 和 `audience`：{why}",
            (
                "{path} is not a JWK set with `issuer` and `audience` beside `keys`: "
                "{why}"
            ),
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
    },
)
