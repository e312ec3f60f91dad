//! Patterns of paths, as people know them from `.gitignore`.
//!
//! Invariant: a pattern names a file, or a folder with all in it; it never names something above its own folder.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns of paths, made ready.
#[derive(Debug, Clone, Default)]
pub struct PathMatcher {
    patterns: Vec<String>,
    set: GlobSet,
}

impl PartialEq for PathMatcher {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl PathMatcher {
    /// Makes patterns ready; one that is no pattern is left out, as reading has told of it.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = GlobSetBuilder::new();
        let mut right = Vec::new();
        for (pattern, globs) in patterns.into_iter().filter_map(|pattern| Some((pattern, globs(pattern).ok()?))) {
            right.push(pattern.to_owned());
            for glob in globs {
                set.add(glob);
            }
        }
        Self { patterns: right, set: set.build().unwrap_or_default() }
    }

    /// Whether a path, relative to the folder of the patterns and with `/`, is named by one of them.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }
}

/// What a pattern means: itself, and all that lies below. A pattern without a `/` but at its end counts in every folder.
pub(super) fn globs(pattern: &str) -> Result<[globset::Glob; 2], String> {
    let bare = pattern.trim().trim_start_matches("./");
    if bare.starts_with('!') {
        return Err("`!` is not known here: write what is left out, not what is kept".to_owned());
    }
    let inner = bare.trim_start_matches('/').trim_end_matches('/');
    if inner.is_empty() {
        return Err("this would leave out everything".to_owned());
    }
    let anchored = bare.starts_with('/') || inner.contains('/') || pattern.trim().starts_with("./");
    let own = if anchored { inner.to_owned() } else { format!("**/{inner}") };
    let build = |glob: &str| GlobBuilder::new(glob).literal_separator(true).build().map_err(|error| error.kind().to_string());
    Ok([build(&own)?, build(&format!("{own}/**"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let matches = |pattern: &str, path: &str| PathMatcher::new([pattern]).matches(path);
        assert!(matches("legacy/", "a/legacy/b/c.ts") && matches("legacy", "legacy/x.ts"));
        assert!(matches("/tools", "tools/a.ts") && !matches("/tools", "a/tools/b.ts"));
        assert!(matches("a/b", "a/b/c.ts") && !matches("a/b", "x/a/b/c.ts"));
        assert!(matches("*.gen.ts", "x/y.gen.ts") && matches("a/*.ts", "a/b.ts") && !matches("a/*.ts", "a/b/c.ts"));
        assert!(matches("./a.ts", "a.ts") && !matches("./a.ts", "b/a.ts"));
        for bad in ["", "/", "!keep", "a[", "**/{"] {
            assert!(globs(bad).is_err(), "{bad}");
            assert!(PathMatcher::new([bad]).is_empty());
        }
    }
}
