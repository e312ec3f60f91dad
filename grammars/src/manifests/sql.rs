//! SQL files: schemas and migrations.
//!
//! Only the text is kept. The analysis parses it, with the parser it has for the SQL within source code.

use super::{Manifest, ManifestFacts};

/// `*.sql`.
pub(super) fn matches(name: &str) -> bool {
    name.ends_with(".sql")
}

/// Keeps the text.
pub(super) fn read(text: &str) -> ManifestFacts {
    ManifestFacts { manifest: Manifest::Sql(text.into()), problems: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_text() {
        assert!(matches("0001_init.sql") && !matches("sql.md"));
        assert_eq!(read("SELECT 'é'").manifest, Manifest::Sql("SELECT 'é'".into()));
    }
}
