//! Images that a `Tiltfile` builds: `docker_build(…)`, and `custom_build(…)` where its command is one of `docker build`.
//!
//! A Tiltfile is a program in Starlark. Of it only calls are read whose arguments are texts as they stand, on every branch.

use super::{Builds, ImageBuild, Manifest, ManifestFacts, builds};
use crate::facts::{Symbol, TextRange};

/// `Tiltfile`, `Tiltfile.local`, `images.tiltfile`.
pub(super) fn matches(name: &str) -> bool {
    name == "Tiltfile" || name.starts_with("Tiltfile.") || name.ends_with(".tiltfile")
}

/// Reads what builds images.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut found: Vec<ImageBuild> = Vec::new();
    for (at, name) in calls(text) {
        let range = TextRange::new(at, at + name.len());
        let arguments = arguments(&text[at + name.len() + 1..]);
        let given = |place: usize, key: &str| {
            let positional = || arguments.iter().filter(|(name, _)| name.is_none()).nth(place).and_then(|(_, value)| *value);
            match arguments.iter().find(|(name, _)| *name == Some(key)) {
                Some((_, value)) => *value,
                None => positional(),
            }
        };
        let Some(image) = given(0, "ref").filter(|image| !image.contains(['$', '{'])) else { continue };
        match name {
            "docker_build" => found.push(ImageBuild {
                image: image.into(),
                context: given(1, "context").map(Symbol::new),
                dockerfile: given(usize::MAX, "dockerfile").map(Symbol::new),
                target: given(usize::MAX, "target").map(Symbol::new),
                range,
            }),
            _ => {
                let command = given(1, "command").unwrap_or_default().replace("$EXPECTED_REF", image);
                found.extend(builds::commands(&command).into_iter().map(|build| ImageBuild { range, ..build }));
            }
        }
    }
    let same = |left: &ImageBuild, right: &ImageBuild| {
        (&left.image, &left.context, &left.dockerfile, &left.target) == (&right.image, &right.context, &right.dockerfile, &right.target)
    };
    found.dedup_by(|later, earlier| same(later, earlier));
    ManifestFacts { manifest: Manifest::Builds(Builds { builds: found }), problems: Vec::new() }
}

/// Where the functions are called, and which.
fn calls(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for name in ["docker_build", "custom_build"] {
        for (at, _) in text.match_indices(name) {
            let begins = !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
            let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
            if begins && text[at + name.len()..].starts_with('(') && !text[line..at].contains('#') {
                found.push((at, name));
            }
        }
    }
    found.sort_unstable();
    found
}

/// The arguments of a call, from behind its bracket on: their keys, and their values where those are plain texts.
fn arguments(text: &str) -> Vec<(Option<&str>, Option<&str>)> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut quote, mut comment) = (0_usize, 0, None, false);
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            ('\n', _) => comment = false,
            _ if comment => {}
            (_, Some(open)) if letter == open && !text[..at].ends_with('\\') => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(letter),
            ('#', None) => comment = true,
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) if depth > 0 => depth -= 1,
            (',' | ')', None) if depth == 0 => {
                found.extend(argument(&text[start..at]));
                start = at + 1;
                if letter == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// An argument's key and value; nothing where there is none.
fn argument(text: &str) -> Option<(Option<&str>, Option<&str>)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let is_key = |key: &str| !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let keyed = text.split_once('=').filter(|(key, value)| is_key(key.trim()) && !value.starts_with('='));
    Some(match keyed {
        Some((key, value)) => (Some(key.trim()), literal(value.trim())),
        None => (None, literal(text)),
    })
}

/// The text of a literal that stands alone.
fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(quote)).then_some(inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn calls_say_what_they_build() {
        let text = "# docker_build('old', '.')\nif ci:\n  custom_build('stock', 'docker image tag stock:ci $EXPECTED_REF', ['src'])\nelse:\n  docker_build(\n    'stock',\n    '.', # all of it\n    only=['rust/', \"a,b\"],\n    dockerfile='./rust/Dockerfile',\n    target='stock_service',\n  )\ndocker_build(ref = \"acme/web\", context = './web')\ncustom_build('ask', 'docker build -t $EXPECTED_REF -f ask/Dockerfile ask', deps=['ask'])\ndocker_build(name, '.')\nmy_docker_build('other', '.')\n";
        let Manifest::Builds(builds) = read(text).manifest else { panic!("no builds") };
        let show = |text: Option<Symbol>| text.unwrap_or_default();
        let builds: Vec<String> = builds
            .builds
            .into_iter()
            .map(|build| format!("{} {} {} {}", build.image, show(build.context), show(build.dockerfile), show(build.target)))
            .collect();
        assert_eq!(builds, ["stock . ./rust/Dockerfile stock_service", "acme/web ./web  ", "ask ask ask/Dockerfile "]);
    }
}
