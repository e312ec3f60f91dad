//! Between `file:` URIs and paths on disk.
//!
//! Editors escape differently: `c%3A`, unescaped brackets, small drive letters, `localhost`. Invariant: a path survives the way to a URI and
//! back; two spellings of one file give one path.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tower_lsp::ls_types::Uri;

use crate::web::path_reference;

/// The file that a URI names; `None` for other schemes, and for bytes that are no UTF-8.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    Some(crate::roots::normalize(Path::new(&decode(uri.as_str(), cfg!(windows))?)))
}

/// The URI of an absolute path; `None` where its name is no UTF-8.
pub(super) fn uri(path: &Path) -> Option<Uri> {
    Uri::from_str(&encode(path.to_str()?, cfg!(windows))).ok()
}

fn decode(uri: &str, windows: bool) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/')?),
        None => ("", rest),
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    if path.contains('\0') || !path.starts_with('/') {
        return None;
    }
    let local = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    if !windows {
        return local.then(|| path.into_owned());
    }
    let path = path.replace('/', "\\");
    if !local {
        return Some(format!("\\\\{host}{path}"));
    }
    let mut letters = path.chars().skip(1);
    match (letters.next(), letters.next()) {
        (Some(drive), Some(':')) if drive.is_ascii_alphabetic() => {
            let below = &path[3..];
            Some(format!("{}:{}", drive.to_ascii_uppercase(), if below.is_empty() { "\\" } else { below }))
        }
        _ => Some(path),
    }
}

fn encode(path: &str, windows: bool) -> String {
    let mut uri = String::from("file://");
    let mut rest = path.to_owned();
    if windows {
        rest = rest.replace('\\', "/");
        if let Some(share) = rest.strip_prefix("//") {
            rest = share.to_owned();
        } else if !rest.starts_with('/') {
            uri.push('/');
        }
    }
    let colon = rest.find(':').filter(|at| windows && *at == 1);
    let (drive, path) = rest.split_at(colon.map_or(0, |at| at + 1));
    uri + drive + &path_reference(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_survive_the_way_and_back() {
        for path in ["/w/a b/é/🦀.ts", "/w/[id]/100%.ts", "/w/c#/a?b:c+d.rs", "/"] {
            assert_eq!(decode(&encode(path, false), false).unwrap(), path);
            assert_eq!(super::path(&uri(Path::new(path)).unwrap()).unwrap(), Path::new(path));
        }
        for path in ["C:\\w\\a b\\é.ts", "C:\\", "\\\\server\\share\\a b.ts"] {
            assert_eq!(decode(&encode(path, true), true).unwrap(), path);
        }
    }

    #[test]
    fn spellings_of_one_file_give_one_path() {
        for uri in ["file:///c%3A/w/a%20b.ts", "file:///C:/w/a%20b.ts", "file:///c:/w/a%20b.ts", "file://localhost/c:/w/a b.ts"] {
            assert_eq!(decode(uri, true).unwrap(), "C:\\w\\a b.ts");
        }
        for uri in ["file:///w/%5Bid%5D.ts", "file:///w/[id].ts", "FILE:/w/[id].ts", "file://localhost/w/[id].ts#L3"] {
            assert_eq!(decode(uri, false).unwrap(), "/w/[id].ts");
        }
        assert_eq!(decode("file:///w/%C3%A9%", false).unwrap(), "/w/é%");
    }

    #[test]
    fn what_is_no_file_has_no_path() {
        for uri in [
            "untitled:Untitled-1",
            "git:/w/a.ts?ref=x",
            "file://server/w/a.ts",
            "file:///w/%FF.ts",
            "file:///w/%00",
            "file:a",
            "file://x",
            "",
        ] {
            assert_eq!(decode(uri, false), None, "{uri}");
        }
    }
}
