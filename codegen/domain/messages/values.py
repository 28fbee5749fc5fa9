"""What codegen has to say of GTINs, links, keys and how a brand looks."""

from typing import Final

from core.messages import Sentences

VALUES: Final[Sentences] = {
    # GTINs
    "gtin_digits": (
        "GTIN 只由数字 0 到 9 组成。",
        "A GTIN is made of the digits 0 to 9 only.",
    ),
    "gtin_length": (
        "GTIN 有 8、12、13 或 14 位；这里有 {length} 位。",
        "A GTIN has 8, 12, 13 or 14 digits; this has {length}.",
    ),
    "gtin_check_digit": (
        "GTIN {gtin} 的最后一位是校验位，应为 {expected}，不是 {given}。",
        (
            "The last digit of GTIN {gtin} is its check digit and has to be "
            "{expected}, not {given}."
        ),
    ),
    # GS1 Digital Links
    "link_ends": (
        "链接在 /{part}/ 之后就结束了，缺少它的值。",
        "The link ends after /{part}/, without its value.",
    ),
    "not_a_part_of_links": (
        "/{part}/ 既不是带值的 GS1 标识符，也不是压缩链接。",
        "/{part}/ is neither an identifier of GS1 with a value nor a compressed link.",
    ),
    "link_without_key": (
        "链接里没有 GS1 主标识符。",
        "The link names nothing that GS1 has a key for.",
    ),
    "no_qualifier": (
        "链接里 /{ai}/ 不能限定 /{key}/。",
        "/{ai}/ cannot qualify /{key}/ in a link.",
    ),
    "order_of_qualifiers": (
        "限定符各写一次，顺序为 {orders}。",
        "Qualifiers stand once each, in the order {orders}.",
    ),
    "either_order": ("{one} 或 {other}", "{one} or {other}"),
    "no_start_of_links": (
        "GS1 链接不以 /{ai}/ 开头；产品链接以 /01/ 和 GTIN 开头。",
        (
            "No link of GS1 begins with /{ai}/; one to a product begins with /01/ and "
            "its GTIN."
        ),
    ),
    "not_for_queries": (
        "({ai}) 不能写在链接的查询部分。",
        "({ai}) cannot stand in the query of a link.",
    ),
    "twice_in_link": (
        "链接里 ({ai}) 写了两次。",
        "({ai}) stands in the link twice.",
    ),
    "for_the_path": (
        "({ai}) 应写在链接的路径里。",
        "({ai}) belongs in the path of the link.",
    ),
    "unknown_identifier": (
        "查询部分的 {ai} 不是 GS1 标识符。",
        "{ai} in the query is not an identifier of GS1.",
    ),
    "value_of_length": (
        "/{ai}/ 的值应为 {length} 个字符：{characters}。",
        "The value of /{ai}/ has {length} {characters}.",
    ),
    "from_to": ("{least} 到 {most}", "{least} to {most}"),
    "digits": ("数字", "digits"),
    "characters_of_gs1": (
        "GS1 允许的字母、数字和标点",
        "letters, digits and punctuation that GS1 allows",
    ),
    "capitals": (
        "大写字母、数字、#、- 和 /",
        "capital letters, digits, # - and /",
    ),
    "letters_and_digits": (
        "字母、数字、- 和 _",
        "letters, digits, - and _",
    ),
    "value_wrong": (
        "/{ai}/ 的值 {value} {why}。",
        "The value of /{ai}/, {value}, {why}.",
    ),
    "other_check_digit": (
        "应以校验位 {expected} 结尾",
        "should end in check digit {expected}",
    ),
    "other_check_characters": (
        "应以 {expected} 结尾",
        "should end in {expected}",
    ),
    "too_short_to_check": (
        "太短，不含校验字符",
        "is too short for its check characters",
    ),
    "not_a_date": (
        "不是日期；请写成 {form}",
        "is not a date; write it as {form}",
    ),
    "not_a_time": (
        "不是一天里的时间",
        "is not a time of day",
    ),
    # How a brand looks
    "hotline_form": (
        "请只写数字、空格和连字符，例如 400-000-0000。",
        "Write it in digits, blanks and hyphens: 400-000-0000.",
    ),
    "https_needed": (
        "请写以 https:// 开头的网址，只用英文字母。",
        "Write an address that begins with https://, in plain letters.",
    ),
    "low_contrast": (
        ("它最亮处与白字的对比度是 {found:.1f}，至少要 {least}；请选深一些的颜色。"),
        (
            "White text on it, where it glows, has a contrast of {found:.1f}; "
            "{least} is needed. Take a darker one."
        ),
    ),
    "colour_form": (
        "请写成 #183f86 这样的小写颜色值。",
        "Write a colour like #183f86, in small letters.",
    ),
    "logo_form": (
        ("标志请写成 data:image/png;base64,… 或 data:image/svg+xml;base64,…。"),
        "Write the logo as data:image/png;base64,… or data:image/svg+xml;base64,….",
    ),
    "logo_not_base64": (
        "标志不是 base64。",
        "The logo is not base64.",
    ),
    "logo_too_large": (
        "标志最多 {most:,} 字节。",
        "A logo has at most {most:,} bytes.",
    ),
    "png_cut_short": (
        "这个 PNG 不完整。",
        "This is not a whole PNG.",
    ),
    "not_a_png": (
        "这不是 PNG。",
        "This is not a PNG.",
    ),
    "too_many_pixels": (
        "标志最多 {most} × {most} 像素。",
        "A logo has at most {most} by {most} pixels.",
    ),
    "svg_not_utf8": (
        "请把 SVG 存为 UTF-8。",
        "Save the SVG as UTF-8.",
    ),
    "svg_with_more": (
        "SVG 里有 DOCTYPE、注释或处理指令；请删去。",
        "The SVG has a DOCTYPE, a comment or an instruction; leave it out.",
    ),
    "svg_unreadable": (
        "SVG 无法读取。",
        "The SVG cannot be read.",
    ),
    "not_an_svg": (
        "SVG 没有以 http://www.w3.org/2000/svg 的 <svg> 开头。",
        "The SVG does not begin with <svg> of http://www.w3.org/2000/svg.",
    ),
    "too_many_shapes": (
        "SVG 的图形超过 {most} 个。",
        "The SVG has more than {most} shapes.",
    ),
    "svg_element": (
        "SVG 里有 <{name}>，标志不能有。",
        "The SVG has <{name}>, which a logo may not have.",
    ),
    "svg_attribute": (
        "SVG 里有 {name}=…，标志不能有。",
        "The SVG has {name}=…, which a logo may not have.",
    ),
    "svg_leads_out": (
        "SVG 引用了外部内容。",
        "The SVG leads to something outside itself.",
    ),
    "svg_address": (
        "SVG 的 {name} 里有网址。",
        "The SVG names an address in {name}.",
    ),
    # Keys, for who runs the installation
    "master_keys": ("主密钥", "master keys"),
    "master_keys_unreadable": (
        "读不了 {path} 处的主密钥：{why}。请从密钥备份恢复；数据库里没有它们。",
        (
            "Cannot read the master keys at {path}: {why}. Restore them from your "
            "key backup; they are not in the database."
        ),
    ),
    "master_key_line": (
        "{path} 处的主密钥第 {line} 行应为纪元（0 到 31）和 64 个十六进制数字。",
        (
            "Line {line} of the master keys at {path} is not an epoch (0 to 31) and "
            "64 hexadecimal digits."
        ),
    ),
    "master_key_missing": (
        (
            "缺少密钥纪元 {epoch} 的主密钥；请从密钥备份恢复。没有它，真瓶盖会被当成"
            "假的，所以不启动。"
        ),
        (
            "The master key of epoch {epoch} is missing; restore it from your key "
            "backup. Without it genuine caps would look forged, so nothing starts."
        ),
    ),
    "master_key_other": (
        "密钥纪元 {epoch} 的主密钥与这个数据库的码不符；请恢复正确的密钥文件。",
        (
            "The master key of epoch {epoch} is not the one that this database's "
            "codes were made with; restore the right key file."
        ),
    ),
    "high_water_damaged": (
        (
            "{path} 处的高水位文件已损坏；docs/operations.md 写明了怎样按已知的最新批"
            "次重设。"
        ),
        (
            "The high-water mark at {path} is damaged; docs/operations.md says how "
            "to set it from the newest batch you know of."
        ),
    ),
}
