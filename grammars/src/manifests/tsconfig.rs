//! `tsconfig*.json` and `jsconfig.json`: how names of modules turn into files.
//!
//! `extends` is not followed here.

use jsonc_parser::ast::Object;

use super::{Manifest, ManifestFacts, TsConfig, json};
use crate::facts::Symbol;

/// `tsconfig*.json`, `jsconfig*.json`.
pub(super) fn matches(name: &str) -> bool {
    name.ends_with(".json") && (name.starts_with("tsconfig") || name.starts_with("jsconfig"))
}

/// Reads a `tsconfig.json`.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (manifest, problems) = json::read(text, "tsconfig", take);
    ManifestFacts { manifest: Manifest::TsConfig(manifest), problems }
}

fn take(root: &Object<'_>) -> TsConfig {
    let extends = root.get("extends").map(|property| json::strings(&property.value)).unwrap_or_default();
    let Some(options) = root.get_object("compilerOptions") else { return TsConfig { extends, ..TsConfig::default() } };
    let paths = json::entries(options, "paths");
    TsConfig {
        extends,
        base_url: json::string(options, "baseUrl"),
        paths: paths.iter().map(|property| (Symbol::new(property.name.as_str()), json::strings(&property.value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn tsconfig(text: &str) -> (TsConfig, usize) {
        let facts = read(text);
        match facts.manifest {
            Manifest::TsConfig(config) => (config, facts.problems.len()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_comments_and_trailing_commas() {
        let text = "// top\n{\n \"extends\": [\"./base\", \"@acme/tsconfig\",],\n /* é */ \"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@/*\": [\"src/*\", \"gen/*\"],},},}";
        let (config, problems) = tsconfig(text);
        assert_eq!(problems, 0);
        assert_eq!(config.extends, ["./base", "@acme/tsconfig"]);
        assert_eq!(config.base_url.as_deref(), Some("."));
        assert_eq!(config.paths, [(Symbol::new("@/*"), vec![Symbol::new("src/*"), Symbol::new("gen/*")])]);
    }

    #[test]
    fn reads_short_and_broken_forms() {
        assert_eq!(tsconfig("{\"extends\": \"./base.json\"}").0.extends, ["./base.json"]);
        assert_eq!(tsconfig("").1, 0);
        assert_eq!(tsconfig("// nothing\n").1, 0);
        let (config, problems) = tsconfig("{\"extends\": \"./base.json\",\n \"compilerOptions\": {\n \"baseUrl\": \n}");
        assert_eq!((config.extends.len(), problems), (1, 1));
    }
}
