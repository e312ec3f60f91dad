//! What builds images beside compose files: steps of GitHub workflows, skaffold's artifacts, targets of `docker buildx bake`, and command lines.
//!
//! All give the same: an image's name, the folder it is built in and its Dockerfile. A part of a name that only a run decides reads as `*`.
//! Paths are as written: of a workflow and a command they count from where it runs.

use rustc_hash::FxHashMap;

use super::yaml::{self, Node, Templates};
use super::{Builds, ImageBuild, Manifest, ManifestFacts};
use crate::facts::{Symbol, TextRange};

/// What stands for a part that is not known.
const UNKNOWN: &str = "*";
/// No more combinations of a matrix than this are looked at.
const MOST_COMBINATIONS: usize = 64;

/// `skaffold.yaml` and its like.
pub(super) fn is_skaffold(name: &str) -> bool {
    name.starts_with("skaffold") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Whether a path is a workflow's.
pub(super) fn is_workflow(path: &camino::Utf8Path) -> bool {
    let mut folders = path.components().rev().skip(1).map(|part| part.as_str());
    folders.next() == Some("workflows") && folders.next() == Some(".github")
}

/// No name is a workflow's: its folder tells.
pub(super) fn by_folder(_: &str) -> bool {
    false
}

/// Reads skaffold's artifacts.
pub(super) fn read_skaffold(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "skaffold file", Templates::Keep);
    let mut builds = Vec::new();
    for document in &documents {
        for artifact in document.at(&["build", "artifacts"]).map_or(&[][..], Node::items) {
            let Some(image) = artifact.get("image").and_then(Node::text) else { continue };
            builds.push(ImageBuild {
                image,
                context: artifact.get("context").and_then(Node::text),
                dockerfile: artifact.at(&["docker", "dockerfile"]).and_then(Node::text),
                target: artifact.at(&["docker", "target"]).and_then(Node::text),
                range: artifact.range,
            });
        }
    }
    ManifestFacts { manifest: Manifest::Builds(Builds { builds }), problems }
}

/// Reads the steps of a workflow that build images.
pub(super) fn read_workflow(text: &str) -> ManifestFacts {
    let mut builds = Vec::new();
    // Most workflows build no image.
    if text.contains("build-push-action") || text.contains("docker build") || text.contains("buildx build") {
        let (documents, _) = yaml::read(text, "workflow", Templates::Keep);
        for document in &documents {
            for job in document.get("jobs").map_or(&[][..], Node::entries) {
                read_job(document, &job.value, &mut builds);
            }
        }
    }
    ManifestFacts { manifest: Manifest::Builds(Builds { builds }), problems: Vec::new() }
}

type Names = FxHashMap<String, Symbol>;

fn read_job(document: &Node, job: &Node, builds: &mut Vec<ImageBuild>) {
    let steps = job.list("steps");
    for names in combinations(job) {
        let mut names = names;
        for scope in [document.get("env"), job.get("env")].into_iter().flatten() {
            add_scalars(&mut names, "env", scope);
        }
        for step in steps {
            if let (Some(id), Some(images)) = (step.get("id").and_then(Node::text), step.at(&["with", "images"]).and_then(Node::text)) {
                let images = fill(&images, &names);
                names.insert(format!("steps.{id}.outputs.tags"), images.into());
            }
        }
        for step in steps {
            let mut names = names.clone();
            if let Some(scope) = step.get("env") {
                add_scalars(&mut names, "env", scope);
            }
            read_step(step, &names, builds);
        }
    }
}

fn read_step(step: &Node, names: &Names, builds: &mut Vec<ImageBuild>) {
    let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
    if uses.split('@').next().is_some_and(|uses| uses.ends_with("build-push-action")) {
        let given = |key: &str| Some(fill(&step.at(&["with", key])?.text()?, names));
        let tags = given("tags").unwrap_or_default();
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (context, dockerfile) = (known(given("context")), known(given("file")));
        if [&context, &dockerfile].into_iter().flatten().any(|path| path.contains(UNKNOWN)) {
            return;
        }
        for tag in tags.split(['\n', ',']).map(str::trim).filter(|tag| !tag.is_empty()) {
            add(
                builds,
                ImageBuild {
                    image: tag.into(),
                    context: context.as_deref().map(Symbol::new),
                    dockerfile: dockerfile.as_deref().map(Symbol::new),
                    target: given("target").map(Symbol::from),
                    range: step.range,
                },
            );
        }
    }
    if let Some(run) = step.get("run").and_then(Node::text).filter(|run| run.contains("build")) {
        for mut build in commands(&fill(&run.replace("\\\n", " "), names)) {
            build.range = step.range;
            add(builds, build);
        }
    }
}

/// One image built the same way once is enough, however many tags it gets.
fn add(builds: &mut Vec<ImageBuild>, build: ImageBuild) {
    let name = |image: &str| name_of(image).map(str::to_owned);
    let Some(own) = name(&build.image) else { return };
    let same = |known: &ImageBuild| {
        name(&known.image).as_ref() == Some(&own)
            && (&known.context, &known.dockerfile, &known.target) == (&build.context, &build.dockerfile, &build.target)
    };
    if !builds.iter().any(same) {
        builds.push(build);
    }
}

/// An image's last part, where it is known.
fn name_of(image: &str) -> Option<&str> {
    let last = image.rsplit('/').next()?.split([':', '@']).next()?;
    (!last.is_empty() && !last.contains(UNKNOWN) && !last.contains('$')).then_some(last)
}

/// The `docker build` commands of a script: what each builds.
pub fn commands(script: &str) -> Vec<ImageBuild> {
    let mut found = Vec::new();
    for command in script.split(['\n', ';']).flat_map(|line| line.split("&&")).flat_map(|line| line.split('|')) {
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let Some(build) = words.iter().position(|word| *word == "build") else { continue };
        let program = words[..build].iter().rev().find(|word| !word.starts_with('-'));
        if !program.is_some_and(|program| matches!(*program, "docker" | "buildx" | "podman" | "nerdctl")) {
            continue;
        }
        let (mut images, mut dockerfile, mut target, mut context) = (Vec::new(), None, None, None);
        let mut rest = words[build + 1..].iter().copied();
        while let Some(word) = rest.next() {
            let (option, given) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
            match option {
                "-t" | "--tag" => images.extend(given.or_else(|| rest.next())),
                "-f" | "--file" => dockerfile = given.or_else(|| rest.next()),
                "--target" => target = given.or_else(|| rest.next()),
                "--build-arg" | "--secret" | "--platform" | "--progress" | "--label" | "--cache-from" | "--cache-to" | "--output"
                | "-o" | "--network" | "--ssh" | "--builder" | "--add-host" | "--iidfile" | "--metadata-file"
                    if given.is_none() =>
                {
                    rest.next();
                }
                _ if !word.starts_with('-') && !word.starts_with('$') => context = Some(word),
                _ => {}
            }
        }
        for image in images {
            found.push(ImageBuild {
                image: image.into(),
                context: context.map(Symbol::new),
                dockerfile: dockerfile.map(Symbol::new),
                target: target.map(Symbol::new),
                range: TextRange::default(),
            });
        }
    }
    found
}

/// The combinations of a job's matrix, as names that expressions may use.
fn combinations(job: &Node) -> Vec<Names> {
    let mut all = vec![Names::default()];
    let Some(matrix) = job.at(&["strategy", "matrix"]) else { return all };
    for entry in matrix.entries().iter().filter(|entry| !matches!(entry.key.value.as_str(), "include" | "exclude")) {
        let items = entry.value.items();
        if items.is_empty() || all.len() * items.len() > MOST_COMBINATIONS {
            continue;
        }
        let prefix = format!("matrix.{}", entry.key.value);
        all = all.iter().flat_map(|names| items.iter().map(|item| with(names.clone(), &prefix, item))).collect();
    }
    let plain = all.len() == 1 && all[0].is_empty();
    for item in matrix.list("include").iter().take(MOST_COMBINATIONS) {
        let included = with(Names::default(), "matrix", item);
        let fits = |names: &Names| included.iter().all(|(name, value)| names.get(name).is_none_or(|known| known == value));
        let shares = |names: &Names| included.keys().any(|name| names.contains_key(name));
        match all.iter_mut().find(|names| !plain && fits(names) && shares(names)) {
            Some(names) => names.extend(included),
            None => all.push(included),
        }
    }
    if all.len() > 1 {
        all.retain(|names| !names.is_empty());
    }
    all
}

/// Names with a value and all values within it added.
fn with(mut names: Names, prefix: &str, node: &Node) -> Names {
    if let Some(text) = node.text() {
        names.insert(prefix.to_owned(), text);
    }
    for entry in node.entries() {
        if let Some(text) = entry.value.text() {
            names.insert(format!("{prefix}.{}", entry.key.value), text);
        }
    }
    names
}

fn add_scalars(names: &mut Names, prefix: &str, scope: &Node) {
    for entry in scope.entries() {
        if let Some(text) = entry.value.text() {
            let text = fill(&text, names);
            names.insert(format!("{prefix}.{}", entry.key.value), text.into());
        }
    }
}

/// A text with its expressions filled in; what is not known is [`UNKNOWN`].
fn fill(text: &str, names: &Names) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${{") {
        filled.push_str(&rest[..at]);
        let Some(length) = rest[at..].find("}}") else { break };
        let name = rest[at + 3..at + length].trim();
        filled.push_str(names.get(name).map_or(UNKNOWN, Symbol::as_str));
        rest = &rest[at + length + 2..];
    }
    filled.push_str(rest);
    // A shell's own way to name the variables of the step.
    if filled.contains("${") {
        for (name, value) in names {
            if let Some(name) = name.strip_prefix("env.") {
                filled = filled.replace(&format!("${{{name}}}"), value);
            }
        }
    }
    filled
}

/// `docker-bake.hcl` and its like; in JSON too.
pub(super) fn is_bake(name: &str) -> bool {
    name.starts_with("docker-bake") && (name.ends_with(".hcl") || name.ends_with(".json"))
}

/// Reads the targets of a bake file: of HCL only blocks, texts and lists of texts, as such files hold little else.
pub(super) fn read_bake(text: &str) -> ManifestFacts {
    let mut targets: Vec<Target> = Vec::new();
    let mut defaults: FxHashMap<String, String> = FxHashMap::default();
    if text.trim_start().starts_with('{') {
        let (documents, _) = yaml::read(&text.replace('\t', " "), "bake file", Templates::Keep);
        for entry in documents.first().and_then(|document| document.get("target")).map_or(&[][..], Node::entries) {
            let list =
                |key: &str| entry.value.get(key).map(Node::scalars).unwrap_or_default().into_iter().map(|text| text.value.to_string());
            let values = ["context", "dockerfile", "target"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), vec![entry.value.get(key)?.text()?.to_string()])));
            let lists = ["tags", "inherits"].into_iter().map(|key| (key.to_owned(), list(key).collect::<Vec<_>>()));
            targets.push(Target { name: entry.key.value.to_string(), range: entry.range, values: values.chain(lists).collect() });
        }
    } else {
        blocks(text, &mut targets, &mut defaults);
    }
    let value = |of: &Target, key: &str| -> Option<Vec<String>> {
        let mut at = of;
        for _ in 0..4 {
            if let Some(found) = at.values.get(key).filter(|found| !found.is_empty()) {
                return Some(found.clone());
            }
            let base = at.values.get("inherits")?.first()?;
            at = targets.iter().find(|target| target.name == *base)?;
        }
        None
    };
    let expand = |text: &str| super::dotenv::expand(text, &|name| defaults.get(name).filter(|value| !value.is_empty()).map(Symbol::new));
    let mut builds = Vec::new();
    for target in &targets {
        let one = |key: &str| value(target, key).and_then(|found| found.first().map(|text| expand(text)));
        for image in value(target, "tags").unwrap_or_default() {
            let image = expand(&image);
            add(
                &mut builds,
                ImageBuild { image, context: one("context"), dockerfile: one("dockerfile"), target: one("target"), range: target.range },
            );
        }
    }
    ManifestFacts { manifest: Manifest::Builds(Builds { builds }), problems: Vec::new() }
}

struct Target {
    name: String,
    range: TextRange,
    values: FxHashMap<String, Vec<String>>,
}

/// The blocks `target "name" { … }` and `variable "NAME" { default = "…" }` of HCL.
fn blocks(text: &str, targets: &mut Vec<Target>, defaults: &mut FxHashMap<String, String>) {
    let mut open: Option<(String, Target)> = None;
    let mut list: Option<(String, Vec<String>)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim();
        if line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        if let Some((key, items)) = &mut list {
            items.extend(quoted(line));
            if line.contains(']')
                && let Some((_, target)) = &mut open
            {
                target.values.insert(std::mem::take(key), std::mem::take(items));
                list = None;
            }
            continue;
        }
        match &mut open {
            None => {
                let word = line.split_whitespace().next().unwrap_or_default();
                if matches!(word, "target" | "variable") && line.contains('{') {
                    let name = quoted(line).into_iter().next().unwrap_or_default();
                    let range = TextRange::new(start, start + line.len());
                    let mut target = Target { name, range, values: FxHashMap::default() };
                    // All of a block in one line.
                    if line.ends_with('}') {
                        assignment(line.split_once('{').map_or("", |(_, inner)| inner), &mut target, &mut list);
                        close(word, target, targets, defaults);
                    } else {
                        open = Some((word.to_owned(), target));
                    }
                }
            }
            Some((word, target)) if line.starts_with('}') => {
                let (word, target) = (
                    std::mem::take(word),
                    Target { values: std::mem::take(&mut target.values), name: std::mem::take(&mut target.name), range: target.range },
                );
                close(&word, target, targets, defaults);
                open = None;
            }
            Some((_, target)) => assignment(line, target, &mut list),
        }
    }
}

fn close(word: &str, target: Target, targets: &mut Vec<Target>, defaults: &mut FxHashMap<String, String>) {
    match word {
        "target" => targets.push(target),
        _ => {
            let default = target.values.get("default").and_then(|found| found.first()).cloned().unwrap_or_default();
            defaults.insert(target.name, default);
        }
    }
}

fn assignment(line: &str, target: &mut Target, list: &mut Option<(String, Vec<String>)>) {
    let Some((key, value)) = line.split_once('=') else { return };
    let key = key.trim().to_owned();
    let items = quoted(value);
    if value.trim_start().starts_with('[') && !value.contains(']') {
        *list = Some((key, items));
    } else {
        target.values.insert(key, items);
    }
}

/// The quoted texts of a line.
fn quoted(line: &str) -> Vec<String> {
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn of(facts: ManifestFacts) -> Vec<String> {
        let Manifest::Builds(builds) = facts.manifest else { panic!("no builds") };
        let show = |text: Option<Symbol>| text.unwrap_or_default();
        builds.builds.into_iter().map(|build| format!("{} {} {}", build.image, show(build.context), show(build.dockerfile))).collect()
    }

    #[test]
    fn workflows_say_what_they_build() {
        let text = "env:\n  ORG: acme\njobs:\n  images:\n    strategy:\n      matrix:\n        part: [orders, stock]\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/${{ env.ORG }}/${{ matrix.part }}\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: docker/${{ matrix.part }}/Dockerfile\n          tags: ${{ steps.meta.outputs.tags }}\n      - run: |\n          docker build \\\n            -t acme/web:${{ github.sha }} -f web.Dockerfile web\n      - run: docker build -t $NAME .\n      - uses: docker/build-push-action@v6\n        with: { tags: 'acme/${{ inputs.x }}:1', file: a/Dockerfile }\n";
        assert_eq!(
            of(read_workflow(text)),
            [
                "ghcr.io/acme/orders . docker/orders/Dockerfile",
                "acme/web:* web web.Dockerfile",
                "ghcr.io/acme/stock . docker/stock/Dockerfile",
            ]
        );
    }

    #[test]
    fn bake_and_skaffold_do_too() {
        let text = "variable \"TAG\" { default = \"latest\" }\ntarget \"base\" {\n  context = \".\"\n}\ntarget \"api\" {\n  inherits = [\"base\"]\n  dockerfile = \"api/Dockerfile\"\n  tags = [\n    \"acme/api:${TAG}\",\n  ]\n}\n";
        assert_eq!(of(read_bake(text)), ["acme/api:latest . api/Dockerfile"]);
        let text = "{\"target\": {\"api\": {\"context\": \"api\", \"tags\": [\"acme/api\"]}}}";
        assert_eq!(of(read_bake(text)), ["acme/api api "]);
        let text = "build:\n  artifacts:\n    - image: acme/api\n      context: src/api\n      docker: {dockerfile: D}\n";
        assert_eq!(of(read_skaffold(text)), ["acme/api src/api D"]);
    }
}
