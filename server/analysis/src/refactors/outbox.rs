//! A transactional outbox: a message that is sent behind a write becomes a row that the same transaction writes, and a relay sends it from there.
//!
//! For pg, Prisma, knex and TypeORM of TypeScript, and for sqlx of Rust ([`rust`]). The function that sends keeps its arguments: they are the row,
//! and the relay calls it with them. What the parts are: [`scene`] is the code that becomes a transaction, [`told`] what may be a row, [`module`]
//! what is written into files of their own, in the words of [`pg`], [`prisma`], [`knex`] or [`typeorm`], [`start`] where the relay begins, [`edge`]
//! what the chart is told. Invariant: what is sent is what was to be sent, if perhaps later and more than once.

use portolan_grammars::facts::Language;

use super::passage::usual_extension;
use super::way::Pools;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, imports, migrations};
use crate::chart::Channel;
use crate::rules::Finding;
use crate::rules::dual_write::RULE;

mod edge;
mod knex;
mod module;
mod pg;
mod prisma;
mod rust;
mod scene;
mod start;
mod told;
mod typeorm;

use scene::Scene;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to check.
const CHECK: &str = "The message is sent once the rows are written, and perhaps twice: check that its consumers take a second one, and that the migration runs first";
/// What the module is called.
const NAME: &str = "outbox";

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let facts = context.snapshot.files.source(finding.place.file)?;
    let channel = context.snapshot.chart.channels.iter().find(|it| it.producers.iter().any(|end| end.place == finding.place))?;
    let title = format!("Keep the message to `{}` in an outbox until the row is written", channel.name);
    let edit = match facts.language {
        Language::Rust => rust::edit(context, finding, channel),
        Language::JavaScript | Language::TypeScript => edit(context, finding, channel),
    };
    Some(Plan { title, level: Level::Assisted(CHECK), edit })
}

fn edit(context: &Context<'_>, finding: &Finding, channel: &Channel) -> Result<Edit, Refusal> {
    let snapshot = context.snapshot;
    let sent = scene::sent_behind(context, finding);
    let source = context.source(sent.file)?;
    let scene = Scene::set(context, &source, (finding, sent), channel)?;
    let extension =
        usual_extension(context, &source).ok_or_else(|| Refusal::new(format!("how {} imports others is not seen", source.name())))?;
    let path = source.path.with_file_name(format!("{NAME}.ts"));
    let traced = finding.services.first().is_some_and(|service| snapshot.chart.traced(*service).is_some());
    if traced && !imports::depends_on(context, &source, module::API) {
        return Err(Refusal::new(format!("its trace would end in the outbox: {} is no dependency of its package", module::API)));
    }
    let text = module::text(context, &scene, &path, traced)?;
    let (mut edit, mut pools) = (Edit::default(), Pools::new());
    let module = format!("./{NAME}{extension}");
    if context.has(&path, &text)? {
        let names = imports::import(context, &source, &module, scene.needs(), &mut edit)?;
        if names.statement.is_some() {
            imports::add(&source, scene.start(), names.statement, None, &mut edit);
        }
        scene.rewrite(context, &names.called, &mut pools, &mut edit)?;
        return Ok(edit);
    }
    migrations::is_new(snapshot, &finding.services, module::TABLE)?;
    module::table(context, &scene, traced, &mut edit)?;
    edit.create(path.clone(), text);
    let arguments: Vec<_> = scene.sends.args.iter().map(|argument| argument.value).collect();
    // A queue's method is told what a job is called, and the queue is known where the relay calls it.
    if let Some(place) = edge::said(context, source.facts, &arguments, &channel.name)
        && !told::leaf(context, &scene).is_some_and(|leaf| leaf.by_receiver)
    {
        edge::tell(context, ("typescript", &path), channel, &place, &mut edit)?;
    }
    let begins_here = start::start(context, &scene, &path, extension, finding, &mut pools, &mut edit)? == source.file;
    let needs: Vec<String> = scene.needs().iter().map(|name| (*name).to_owned()).collect();
    let mut names = needs.clone();
    names.extend(begins_here.then(|| "relay".to_owned()));
    names.sort();
    if let Some(name) = names.iter().find(|name| source.declares(name)) {
        return Err(Refusal::new(format!("the name {name} means something else in {}", source.name())));
    }
    let (quote, end) = (imports::quote(&source), imports::statement_end(&source));
    let import = format!("import {{ {} }} from {quote}{module}{quote}{end}", names.join(", "));
    imports::add(&source, scene.start(), Some(import), None, &mut edit);
    scene.rewrite(context, &needs, &mut pools, &mut edit)?;
    Ok(edit)
}
