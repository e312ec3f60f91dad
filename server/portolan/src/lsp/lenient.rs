//! Mends what editors send in another form than the protocol's library accepts, before it is decoded.
//!
//! Some editors leave brackets and spaces in URIs unescaped; the library refuses such a message, and the server would never hear of the file.
//! Custom requests may come without parameters. Invariant: what is valid passes unchanged.

use serde_json::Value;
use tower_lsp::jsonrpc::Request;

/// Members of parameters that hold a URI.
const URI_MEMBERS: &[&str] = &["uri", "rootUri", "oldUri", "newUri", "targetUri", "scopeUri", "baseUri"];

/// Deeper nesting holds no URIs that matter.
const DEPTH: usize = 12;

/// The request as the library can read it.
pub(super) fn mend(request: Request) -> Request {
    let (method, id, params) = request.into_parts();
    let params = match params {
        None | Some(Value::Null) if method.starts_with("portolan/") => Some(Value::Object(serde_json::Map::new())),
        Some(mut params) => {
            mend_uris(&mut params, DEPTH);
            Some(params)
        }
        None => None,
    };
    let mut mended = Request::build(method);
    if let Some(params) = params {
        mended = mended.params(params);
    }
    if let Some(id) = id {
        mended = mended.id(id);
    }
    mended.finish()
}

fn mend_uris(value: &mut Value, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(uri) if URI_MEMBERS.contains(&name.as_str()) => {
                        if let Some(escaped) = escape(uri) {
                            *uri = escaped;
                        }
                    }
                    other => mend_uris(other, depth - 1),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| mend_uris(element, depth - 1)),
        _ => {}
    }
}

/// The URI with what must be escaped escaped; `None` where nothing must be.
fn escape(uri: &str) -> Option<String> {
    let bytes = uri.as_bytes();
    let is_escape =
        |at: usize| bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit) && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
    let is_allowed = |at: usize, byte: u8| match byte {
        b'%' => is_escape(at),
        _ => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte),
    };
    if bytes.iter().enumerate().all(|(at, byte)| is_allowed(at, *byte)) {
        return None;
    }
    let mut escaped = String::with_capacity(uri.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            // Some clients on Windows send paths as they are.
            b'\\' => escaped.push('/'),
            byte if is_allowed(at, *byte) => escaped.push(*byte as char),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn odd_uris_are_escaped_and_others_left_alone() {
        assert_eq!(escape("file:///w/a%20b/c%3A/(x)+y.ts"), None);
        assert_eq!(escape("file:///w/[id]/a b/é%.ts").unwrap(), "file:///w/%5Bid%5D/a%20b/%C3%A9%25.ts");
    }

    #[test]
    fn a_custom_request_may_lack_parameters() {
        let request = mend(Request::build("portolan/chart").id(1).finish());
        assert!(request.params().is_some());
        assert!(mend(Request::build("shutdown").id(2).finish()).params().is_none());
    }
}
