//! The parts of a file that need not be parsed: bodies of modules that are built for tests alone.
//!
//! They are found in the text, before there is a tree: in some workspaces a third of all Rust is such code. What deliberately does not live
//! here: any other way to say that an item is for tests, which the walk leaves out. Invariant: a body is left out only if its end is sure, so
//! what remains parses as it would with the body.

/// How a module for tests begins, on a line of its own.
const ATTRIBUTE: &str = "#[cfg(test)]";

/// The ranges of a text between bodies of test modules, in order; none where there are no such bodies.
pub(super) fn ranges_around(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut kept = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(ATTRIBUTE) {
        let attribute = at + found;
        at = attribute + ATTRIBUTE.len();
        let line = text[..attribute].rfind('\n').map_or(0, |newline| newline + 1);
        if !text[line..attribute].trim_start().is_empty() {
            continue;
        }
        let Some(open) = module_body(text, at) else { continue };
        let Some(close) = block_end(text.as_bytes(), open) else { break };
        kept.push(from..open + 1);
        from = close;
        at = close;
    }
    if from > 0 {
        kept.push(from..text.len());
    }
    kept
}

/// Where the body of the module opens that an attribute before `at` is of.
fn module_body(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].trim_start();
    let rest = rest.strip_prefix("pub ").map_or(rest, str::trim_start);
    let rest = rest.strip_prefix("pub(crate) ").map_or(rest, str::trim_start);
    let name = rest.strip_prefix("mod ")?.trim_start();
    let behind = name.trim_start_matches(|character: char| character.is_alphanumeric() || character == '_');
    let body = behind.trim_start();
    (behind.len() < name.len() && body.starts_with('{')).then(|| text.len() - body.len())
}

/// The brace that closes the one at `open`; `None` where braces do not match.
fn block_end(text: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    while at < text.len() {
        match text[at] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'/' if text[at + 1..].starts_with(b"/") => at += text[at..].iter().position(|byte| *byte == b'\n')?,
            b'/' if text[at + 1..].starts_with(b"*") => at = comment_end(text, at)?,
            b'"' => at = string_end(text, at)?,
            b'r' if !follows_name(text, at) => at = raw_string_end(text, at).unwrap_or(Some(at))?,
            b'\'' => at = character_end(text, at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The last byte of a block comment; such comments nest.
fn comment_end(text: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0;
    let mut at = start;
    while at + 1 < text.len() {
        match &text[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at - 1);
        }
    }
    None
}

/// The closing quote of a string.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            b'"' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether the byte before belongs to a name that is no prefix of a string.
fn follows_name(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    // `br"…"`, `cr"…"`
    let prefix = matches!(text[before], b'b' | b'c') && !before.checked_sub(1).is_some_and(|before| is_name(text[before]));
    is_name(text[before]) && !prefix
}

/// The last byte of a raw string that begins with the `r` at `start`: `None` where none does, `Some(None)` where it has no end.
fn raw_string_end(text: &[u8], start: usize) -> Option<Option<usize>> {
    let hashes = text[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + 1 + hashes;
    if text.get(open) != Some(&b'"') {
        return None;
    }
    let closes =
        |quote: &usize| text[*quote] == b'"' && text[*quote + 1..].iter().take(hashes).filter(|byte| **byte == b'#').count() == hashes;
    Some((open + 1..text.len()).find(closes).map(|quote| quote + hashes))
}

/// The last byte of a character literal, or the quote itself where it begins a lifetime.
fn character_end(text: &[u8], start: usize) -> usize {
    if text.get(start + 1) == Some(&b'\\') {
        // The character behind the backslash may be a quote.
        let end = text.get(start + 3..).and_then(|rest| rest.iter().take(16).position(|byte| *byte == b'\''));
        return end.map_or(start, |end| start + 3 + end);
    }
    let width = match text.get(start + 1) {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        _ => 1,
    };
    if text.get(start + 1 + width) == Some(&b'\'') { start + 1 + width } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        let ranges = ranges_around(text);
        if ranges.is_empty() { text.to_owned() } else { ranges.into_iter().map(|range| &text[range]).collect::<Vec<_>>().join("|") }
    }

    #[test]
    fn bodies_of_test_modules_are_left_out() {
        assert_eq!(
            kept("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}"),
            "fn a() {}\n#[cfg(test)]\nmod tests {|}\nfn c() {}"
        );
        assert_eq!(
            kept("#[cfg(test)] pub(crate) mod a {x}\n  #[cfg(test)]\n  mod b\n{y}"),
            "#[cfg(test)] pub(crate) mod a {|}\n  #[cfg(test)]\n  mod b\n{|}"
        );
    }

    #[test]
    fn braces_in_texts_and_comments_do_not_count() {
        for body in [
            r#" "}" "\"}" "#,
            "r#\"}\"}\"# br\"}\" ",
            "// }\n",
            "/* } /* } */ } */",
            r"'}' '\'' '\u{7d}' '\\' 'é' ",
            "fn f<'a>(x: &'a str) { let r = b'}'; }",
            "let var\"}\";",
            "r#type(\"}\")",
        ] {
            let text = format!("#[cfg(test)]\nmod t {{{body}}}\nfn c() {{}}");
            assert_eq!(kept(&text), "#[cfg(test)]\nmod t {|}\nfn c() {}", "{body}");
        }
    }

    #[test]
    fn what_is_not_sure_stays() {
        for text in [
            "#[cfg(test)]\nmod tests;\nfn a() {}",
            "#[cfg(test)]\nmod tests { fn a() {",
            "#[cfg(test)]\nmod tests { \" }",
            "#[cfg(test)]\nfn a() { }",
            "/// #[cfg(test)] mod a { }\nfn b() {}",
            "#[cfg(test)]",
            "#[cfg(test)]\nmod {}",
        ] {
            assert_eq!(kept(text), text);
        }
    }
}
