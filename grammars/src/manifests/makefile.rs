//! `Makefile`: the images that its recipes build with `docker build`.
//!
//! What deliberately does not live here: targets and what they depend on. Invariant: a variable stands for a value only where every assignment to it
//! gives it the same one; a build whose folder or Dockerfile hangs on another is left out.

use rustc_hash::FxHashMap;

use super::{Builds, ImageBuild, Manifest, ManifestFacts, builds};
use crate::facts::{Symbol, TextRange};

/// How deep variables may refer to variables.
const MAX_DEPTH: usize = 8;
/// What stands for a value that is not known: to a command line, a variable of the shell.
const UNKNOWN: &str = "${_}";

/// Only those that are run in their own folder: what others include runs where these are.
pub(super) fn matches(name: &str) -> bool {
    matches!(name, "Makefile" | "makefile" | "GNUmakefile")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let mut found = Vec::new();
    // Most build no image.
    if ["docker", "podman", "nerdctl"].iter().any(|program| text.contains(program)) && text.contains("build") {
        let lines = lines(text);
        let variables = Variables::of(&lines);
        for (line, range) in lines.iter().filter(|(line, _)| line.starts_with('\t')) {
            recipe(&variables.expand(line, MAX_DEPTH), *range, &mut found);
        }
    }
    ManifestFacts { manifest: Manifest::Builds(Builds { builds: found }), problems: Vec::new() }
}

/// The images that a line of a recipe builds.
fn recipe(line: &str, range: TextRange, found: &mut Vec<ImageBuild>) {
    let mut folder = Some(String::new());
    for command in line.split(';').flat_map(|part| part.split("&&")).flat_map(|part| part.split('|')) {
        let command = command.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, '@' | '-' | '+' | '('));
        if let Some(to) = command.strip_prefix("cd ") {
            let to = to.trim().trim_end_matches('/');
            folder = folder.filter(|_| !to.contains(['$', ' ']) && !to.starts_with('/')).map(|at| format!("{at}{to}/"));
            continue;
        }
        let Some(folder) = &folder else { continue };
        for build in builds::commands(command) {
            let at = |path: Symbol| Symbol::from(format!("{folder}{path}"));
            let (context, dockerfile) = (build.context.map(at), build.dockerfile.map(at));
            let is_open = |text: &Option<Symbol>| text.as_ref().is_some_and(|text| text.contains('$'));
            if context.is_some() && ![&context, &dockerfile, &build.target].into_iter().any(is_open) {
                found.push(ImageBuild { context, dockerfile, range, image: build.image, target: build.target });
            }
        }
    }
}

/// The lines of a text with those that a backslash makes one, comments left out.
fn lines(text: &str) -> Vec<(String, TextRange)> {
    let (mut found, mut open): (Vec<(String, TextRange)>, bool) = (Vec::new(), false);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let (own, goes_on) = line.strip_suffix('\\').map_or((line, false), |own| (own, true));
        let end = start + line.len();
        match found.last_mut().filter(|_| open) {
            Some((whole, range)) => {
                whole.push(' ');
                whole.push_str(own.trim_start());
                *range = TextRange::new(range.start as usize, end);
            }
            None if !own.trim_start().starts_with('#') => found.push((own.to_owned(), TextRange::new(start, end))),
            None => continue,
        }
        open = goes_on;
    }
    found
}

/// What variables stand for; `None` where that is not known.
struct Variables(FxHashMap<String, Option<String>>);

impl Variables {
    fn of(lines: &[(String, TextRange)]) -> Self {
        let mut all: FxHashMap<String, Option<String>> = FxHashMap::default();
        for (line, _) in lines.iter().filter(|(line, _)| !line.starts_with('\t')) {
            let Some((name, value)) = line.split_once('=') else { continue };
            let adds = name.ends_with('+');
            let name = name.trim_end_matches([':', '?', '+', '!']).trim();
            let name = name.strip_prefix("export ").or_else(|| name.strip_prefix("override ")).unwrap_or(name).trim();
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
                continue;
            }
            let value = value.split(" #").next().unwrap_or_default().trim().to_owned();
            let known = all.entry(name.to_owned()).or_insert_with(|| Some(value.clone()));
            if adds || known.as_ref() != Some(&value) {
                *known = None;
            }
        }
        Self(all)
    }

    /// A text with `$(NAME)` and `${NAME}` filled in.
    fn expand(&self, text: &str, depth: usize) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let Some(open) = rest.chars().next() else { break };
            let Some(length) = closing(rest) else {
                // `$$` is the shell's own; `$@` and its like are a target's.
                expanded.push_str(if open == '$' { "$" } else { UNKNOWN });
                rest = &rest[open.len_utf8()..];
                continue;
            };
            let value = self.0.get(&rest[1..length]).and_then(Option::as_deref).filter(|_| depth > 0);
            match value {
                Some(value) => expanded.push_str(&self.expand(value, depth - 1)),
                None => expanded.push_str(UNKNOWN),
            }
            rest = &rest[length + 1..];
        }
        expanded.push_str(rest);
        expanded
    }
}

/// Where the bracket closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    let (open, close) = match text.as_bytes().first()? {
        b'(' => ('(', ')'),
        b'{' => ('{', '}'),
        _ => return None,
    };
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        depth += usize::from(letter == open);
        depth -= usize::from(letter == close);
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let Manifest::Builds(found) = read(text).manifest else { panic!() };
        let text = |text: Option<Symbol>| text.unwrap_or_default();
        found.builds.into_iter().map(|build| format!("{} {} {}", build.image, text(build.context), text(build.dockerfile))).collect()
    }

    #[test]
    fn recipes_build_images() {
        let text = "REGISTRY ?= docker.io\nBASE ?= ubuntu # the usual\nNAME := $(REGISTRY)/acme/shop\nOPTIONS := -o type=docker\n\
            image: build ## Builds.\n\t@mkdir -p x && \\\n\tdocker build -f docker/${BASE}/Dockerfile -t $(NAME):${TAG} . && rm -r x\n\
            other:\n\tdocker buildx build --builder ${B} \\\n\t  --build-arg=\"A=${A}\" -t acme/mail ${OPTIONS} ./mail\n\
            \tcd ads && docker build -t acme/ads .\n";
        assert_eq!(of(text), ["docker.io/acme/shop:${_} . docker/ubuntu/Dockerfile", "acme/mail ./mail ", "acme/ads ads/. "]);
    }

    #[test]
    fn what_hangs_on_a_run_is_left_out() {
        let text = "BASE ?= a\nifdef X\nBASE = b\nendif\nall:\n\tdocker build -f $(BASE)/Dockerfile -t acme/shop .\n\
            \tdocker build -t acme/shop $(shell dirname (x))\n\tcd $(DIR) && docker build -t acme/shop .\n\
            \tfor s in a b; do docker build -t acme/$$s $$s; done\n#\tdocker build -t acme/shop .\n\techo docker build\n";
        assert_eq!(of(text), Vec::<String>::new());
        for broken in ["\tdocker build $(", "docker build\n\t$", "\tdocker build -t ${a\\\n", "A = $(A)\n\tdocker build -t $(A) .\n"] {
            read(broken);
        }
    }
}
