//! `nodemon.json`: what nodemon runs, and runs again, where its command line names no file.
//!
//! `nodemon.worker.json` and the like are for `--config`.

use super::{Manifest, ManifestFacts, json};

pub(super) fn matches(name: &str) -> bool {
    name.strip_prefix("nodemon").is_some_and(|rest| rest.starts_with(['.', '-']) && rest.ends_with(".json"))
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (exec, problems) = json::read(text, "nodemon.json", |root| json::string(root, "exec").unwrap_or_default());
    ManifestFacts { manifest: Manifest::Nodemon(exec), problems }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_runs() {
        for (text, exec) in [(r#"{ "watch": ["src"], "exec": "tsx src/main.ts" }"#, "tsx src/main.ts"), ("{}", "")] {
            assert_eq!(read(text).manifest, Manifest::Nodemon(exec.into()));
        }
    }
}
