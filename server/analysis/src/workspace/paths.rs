//! Paths as text: joining and taking apart, without a disk.
//!
//! Paths are relative to the workspace's root, with `/`; the root itself is the empty path. Invariant: no result leaves the root or holds `.`,
//! `..` or a doubled `/`.

/// The folder of a path; empty for what lies in the root.
pub(crate) fn folder(path: &str) -> &str {
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.map_or("", |at| &path[..at])
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rfind('/').map_or(path, |at| &path[at + 1..])
}

/// `relative` as seen from `folder`; `None` where it leaves the root. A leading `/` counts from `folder` too, as a manifest's root is its
/// own folder.
pub(crate) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut joined = String::with_capacity(folder.len() + relative.len() + 1);
    joined.push_str(folder);
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                if joined.is_empty() {
                    return None;
                }
                let length = self::folder(&joined).len();
                joined.truncate(length);
            }
            _ => {
                if !joined.is_empty() {
                    joined.push('/');
                }
                joined.push_str(part);
            }
        }
    }
    Some(joined)
}

/// Whether `path` is `folder` or lies within it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `folder`, then each folder around it, the root last.
pub(crate) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(folder);
    std::iter::from_fn(move || {
        let this = next?;
        next = (!this.is_empty()).then(|| self::folder(this));
        Some(this)
    })
}

/// How many leading folders two paths share.
pub(crate) fn shared(left: &str, right: &str) -> usize {
    left.split('/').zip(right.split('/')).take_while(|(left, right)| left == right && !left.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_without_leaving_the_root() {
        assert_eq!(join("a/b", "../c/./d.ts").as_deref(), Some("a/c/d.ts"));
        assert_eq!(join("", "./x").as_deref(), Some("x"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
    }

    #[test]
    fn knows_folders() {
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert!(is_within("a/b/c", "a/b") && !is_within("a/bc", "a/b") && is_within("x", ""));
        assert_eq!(shared("a/b/c", "a/b/d"), 2);
    }
}
