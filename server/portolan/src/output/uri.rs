//! Paths as references of the web.

use std::fmt::Write;

/// A relative path as a URI reference: everything but unreserved characters and `/` is written with `%`.
pub fn path_reference(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(path_reference("src/[id]/a b#é.ts"), "src/%5Bid%5D/a%20b%23%C3%A9.ts");
    }
}
