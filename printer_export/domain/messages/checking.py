"""What there is to say of package files: of opening, checking and writing them."""

from typing import Final

from core.messages import Sentences

CHECKING: Final[Sentences] = {
    # Opening
    "unreadable": (
        "无法读取 {path}：{why}。",
        "Cannot read {path}: {why}.",
    ),
    "not_text": (
        "{path} 不是文本。",
        "{path} is not text.",
    ),
    "no_file_or_folder": (
        "{path} 既不是文件，也不是文件夹。",
        "{path} is neither a file nor a folder.",
    ),
    "no_package_but": (
        "{path} 不是码包；请写明其中的 {name}。",
        "{path} is not a package; name {name} in it.",
    ),
    "no_zip": (
        "{path} 不是 zip 文件，或只是其中一部分，或已损坏。",
        "{path} is not a zip file, or only a part of one, or it was damaged.",
    ),
    "other_compression": (
        "{path} 的压缩方式与码包不同；请用下载的原文件。",
        (
            "{path} is compressed in a way that packages are not; use the file as it "
            "was downloaded."
        ),
    ),
    "unpacks_too_far": (
        "{path} 解压后会远远大于码包。请不要印刷，并询问品牌。",
        (
            "{path} would unpack to far more than codes do. Print nothing, and ask "
            "the brand."
        ),
    ),
    "leads_out": (
        "{path} 里有一个文件会写到外面去：{name}。",
        "{path} has a file that leads out of it: {name}.",
    ),
    "no_right_name": (
        "{path} 里有一个文件名称不对：{name}。",
        "{path} has a file with a wrong name: {name}.",
    ),
    "no_manifest": (
        "{path} 里没有 {name}，所以不是码包。",
        "{path} has no {name}, so it is not a package of codes.",
    ),
    "several_packages": (
        "{path} 里有好几个码包；请写明一个，例如 {name}。",
        "{path} has several packages in it; name one, such as {name}.",
    ),
    "too_many_in_package": (
        "{path} 里的文件比码包多。",
        "{path} has more files than a package has.",
    ),
    "age_needs_identity": (
        "{path} 以 age 加密；请写明您的私钥文件：--identity。",
        "{path} is encrypted with age; name the file of your identity: --identity.",
    ),
    "identity_does_not_open": (
        "{path} 不能用 {identity} 解开：{why}。",
        "{path} does not open with {identity}: {why}.",
    ),
    "no_room_to_decrypt": (
        "{path} 无法在 {folder} 里解密：{why}。请把 TMPDIR 设为空间足够的文件夹。",
        (
            "{path} cannot be decrypted in {folder}: {why}. Set TMPDIR to a folder "
            "with room for it."
        ),
    ),
    "zip_needs_password": (
        "{path} 有密码；请写明存有密码的文件：--password-file。",
        "{path} has a password; name a file with it: --password-file.",
    ),
    "password_does_not_open": (
        "密码解不开 {path}。",
        "The password does not open {path}.",
    ),
    "closed_otherwise": (
        "{path} 的加密方式与码包不同；请用下载的原文件。",
        "{path} is not encrypted as packages are; use the file as it was downloaded.",
    ),
    "zip_damaged": (
        "{path} 已损坏（{why}）。请不要印刷，重新下载。",
        "{path} was damaged ({why}). Print nothing, and download it again.",
    ),
    # Reading
    "other_format": (
        "这不是码包，或是更新的一种。",
        "This is not a package of codes, or it is a newer kind of one.",
    ),
    "listed_twice": (
        "清单把一个文件列了两次。请不要印刷。",
        "The manifest lists a file twice. Print nothing.",
    ),
    "no_public_key": (
        "密钥不是 PEM 格式的 Ed25519 公钥。",
        "The key is not an Ed25519 public key in PEM.",
    ),
    "signed_by_other": (
        "清单不是由这个密钥（{key}）签名的；它写的是 {named}。请不要印刷，并询问品牌。",
        (
            "The manifest is not signed by this key ({key}); it names {named}. Print "
            "nothing, and ask the brand."
        ),
    ),
    "names_no_key": ("没有密钥", "no key"),
    "other_than_listed": (
        "{file} 与清单不符；码包已损坏或被改动。请不要印刷，重新下载。",
        (
            "{file} is not what the manifest says; the package was damaged or "
            "changed. Print nothing, and download it again."
        ),
    ),
    "rows_lacking": (
        "{file} 没有 layout 所说的那些行；它已损坏。",
        "{file} does not have the rows that the layout says; it was damaged.",
    ),
    "too_long_a_file": (
        "{file} 太长，不该如此。",
        "{file} is too long for what it is.",
    ),
    "no_json_object": (
        "{file} 里不是 JSON 对象；码包已损坏。",
        "{file} does not hold a JSON object; the package was damaged.",
    ),
    "other_manifest": (
        "清单或 layout 不合规定：{why}。",
        "The manifest or the layout is wrong: {why}.",
    ),
    "file_lacking": (
        "码包缺少 {file}。",
        "The package lacks {file}.",
    ),
    "file_damaged": (
        "无法读取 {file}（{why}）；码包已损坏。请不要印刷，重新下载。",
        (
            "{file} cannot be read ({why}); the package was damaged. Print nothing, "
            "and download it again."
        ),
    ),
    # Checking
    "name_public_key": (
        "请写明品牌的公钥，才能知道这个码包来自谁。",
        "Name the brand's public key to know whom this package is from.",
    ),
    "signed_by": (
        "清单由密钥 {key} 签名。",
        "The manifest is signed by key {key}.",
    ),
    "ends_early": (
        "{file} 在第 {row} 行之前就结束了。",
        "{file} ends before row {row}.",
    ),
    "sums_differ": (
        "SHA256SUMS 与清单对 {file} 的说法不同。",
        "SHA256SUMS and the manifest differ about {file}.",
    ),
    "sums_right": (
        "{count:,} 个文件的 SHA-256 都与清单一致。",
        "All {count:,} files have the SHA-256 that the manifest says.",
    ),
    "layout_unsigned": (
        "清单没有列出 layout.json，所以没有人为它签名。",
        "The manifest does not list layout.json, so nobody signed it.",
    ),
    "twice_in_archive": (
        "{file} 在压缩包里有两份。",
        "{file} is in the archive twice.",
    ),
    "not_listed": (
        "清单里没有 {file}。绝不要用它印刷；请把它拿走，再检查一次。",
        (
            "The manifest does not list {file}. Never print from it; take it away, "
            "and check again."
        ),
    ),
    "all_listed": (
        "每个码文件都在清单里，而且只有一份。",
        "Each file of codes is in the manifest, and there once.",
    ),
    "all_listed_but_one": (
        "每个码文件都在清单里，而且只有一份。略过了系统放进文件夹的：{file}。",
        (
            "Each file of codes is in the manifest, and there once. Passed "
            "over what systems drop into folders: {file}."
        ),
    ),
    "all_listed_but_more": (
        (
            "每个码文件都在清单里，而且只有一份。略过了系统放进文件夹的：{file} 和另外"
            " {more} 个。"
        ),
        (
            "Each file of codes is in the manifest, and there once. Passed "
            "over what systems drop into folders: {file} and {more} more."
        ),
    ),
    "rows_and_codes": (
        "文件里有 {rows:,} 行，订的是 {quantity:,} 个码，序号 {first} 到 {last}。",
        (
            "{rows:,} rows in the files for {quantity:,} codes ordered, indexes "
            "{first} to {last}."
        ),
    ),
    "rows_of_one_index": (
        "{file} 的各行都是同一个序号。",
        "The rows of {file} all have one index.",
    ),
    "index_lacking": (
        "序号 {index} 不在任何文件里，所以另有一个出现了两次。",
        "Index {index} is not in any file, so another is there twice.",
    ),
    "each_index_once": (
        "{rows:,} 个码共 {rows:,} 行；每个序号各一次。",
        "{rows:,} rows for {rows:,} codes; each index is there once.",
    ),
    "no_codes_listed": (
        "清单没有列出码文件。",
        "The manifest lists no file of codes.",
    ),
    "no_column_of_links": (
        "layout 里没有链接这一列。",
        "The layout has no column for links.",
    ),
    "columns_too_wide": (
        "layout 里有的列超出了行尾。",
        "The layout has columns that reach past the end of a row.",
    ),
    "other_size": (
        "{file} 有 {found:,} 字节；它的各行需要 {size:,}。",
        "{file} has {found:,} bytes; its rows need {size:,}.",
    ),
    "layout_right": (
        "每行 {row_bytes} 字节，各行正好填满文件。",
        "Each row has {row_bytes} bytes, and rows fill their files.",
    ),
    "wrong_row": (
        "{file} 的第 {row:,} 行{what}。",
        "Row {row:,} of {file} {what}.",
    ),
    "row_parted_otherwise": (
        "与第一行的分隔或结尾不同",
        "is separated or ended otherwise than the first",
    ),
    "row_without_end": (
        "不以 CR LF 结尾",
        "does not end with CR LF",
    ),
    "row_of_other_link": (
        "的链接开头不同",
        "has a link of another beginning",
    ),
    "row_of_no_code": (
        "含有码里没有的字符",
        "has a character that no code has",
    ),
    "row_of_other_code": (
        "的码与链接不符",
        "shows another code than its link",
    ),
    "row_of_other_sequence": (
        "的顺序号与序号不符",
        "has another sequence than its index",
    ),
    "all_rows_right": (
        "各行的链接、码和编号都正确。",
        "All rows have the right links, codes and numbers.",
    ),
    "not_like_codes": (
        "这些码的分布不像码。请不要印刷。",
        "The codes are not spread as codes are. Print nothing.",
    ),
    "code_twice": (
        "有一个码在这个码包里出现了两次。请不要印刷。",
        "A code is in this package twice. Print nothing.",
    ),
    "no_code_twice": (
        "{quantity:,} 个码中没有重复。",
        "None of {quantity:,} codes is there twice.",
    ),
    # Writing
    "no_room_to_write": (
        "{path} 放不下：{rows} 行需要 {size} 字节。没有留下任何内容。",
        (
            "There is no room for {path}: its {rows} rows need {size} bytes. Nothing "
            "was left behind."
        ),
    ),
    "not_written": (
        "无法写入 {path}：{why}。没有留下任何内容。",
        "{path} could not be written: {why}. Nothing was left behind.",
    ),
    "folder_unwritable": (
        "无法写入文件夹 {folder}：{why}。",
        "Cannot write into {folder}: {why}.",
    ),
}
