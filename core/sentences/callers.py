"""What there is to say of requests, forms, and of who may do what."""

from typing import Final

from core.messages import Sentences

CALLERS: Final[Sentences] = {
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
    "went_wrong": (
        "我们这边出错了。",
        "Something went wrong on our side.",
    ),
    "value_unstorable": (
        "请求中有一个值无法保存。",
        "A value in the request is outside what can be stored.",
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
    "token_is_over": (
        "这个令牌什么也打不开：它的期限已经过了。请给一个以后的日子。",
        "This token would open nothing: its end has passed. Name a later day.",
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
        "会员令牌缺少可用的 `sub`（会员编号）。",
        "The member's token has no `sub` that can be a member's id.",
    ),
    "member_token_needed": (
        "这里需要会员令牌：Authorization: Bearer …。",
        "This needs a member's token: Authorization: Bearer ….",
    ),
    "staff_token_needed": (
        "这里需要员工令牌：Authorization: Bearer …。",
        "This needs a staff token: Authorization: Bearer ….",
    ),
    "role_not_allowed": (
        "角色 {role} 不能做这件事；需要 {allowed}。",
        "Role {role} may not do this; it takes {allowed}.",
    ),
    "scope_without_meaning": (
        "角色 {role} 不能用 {name} 限定；可用的有：{known}。",
        "A {name} narrows nothing for the role {role}, which is narrowed by {known}.",
    ),
    "no_scopes": (
        "角色 {role} 不能用 {name} 限定；它没有范围可限定。",
        "A {name} narrows nothing for the role {role}, and nothing else does.",
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
}
