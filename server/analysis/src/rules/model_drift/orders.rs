//! Orders that people write down: what is started after what (compose's `depends_on`), what is built with what (Nx's `implicitDependencies`).
//!
//! What deliberately does not live here: whether code follows them. Invariant: what has to run to its end before another starts is no party to
//! its requests, and left out.

use portolan_grammars::manifests::{Compose, Manifest, Project};

use super::Names;
use crate::chart::{ServiceIndex, ServiceKind};
use crate::rules::Context;
use crate::{FileId, Place};

/// One service is said to come after another.
pub(super) struct Order {
    pub(super) from: ServiceIndex,
    pub(super) to: ServiceIndex,
    pub(super) place: Place,
    /// In which words, with a hole for each service.
    pub(super) said: fn(&str, &str) -> String,
}

/// All orders between services of the workspace.
pub(super) fn all(context: &Context<'_>, names: &Names) -> Vec<Order> {
    let mut orders = Vec::new();
    for (file, _, facts) in context.snapshot.files.iter() {
        match facts.manifest() {
            Some(Manifest::Compose(compose)) => starts(file, compose, names, &mut orders),
            Some(Manifest::Projects(projects)) => builds(file, projects, names, &mut orders),
            _ => {}
        }
    }
    orders.retain(|order| {
        let to = context.chart.service(order.to);
        order.from != order.to && !to.third_party && !matches!(to.kind, ServiceKind::Job | ServiceKind::Cli)
    });
    orders
}

fn starts(file: FileId, compose: &Compose, names: &Names, orders: &mut Vec<Order>) {
    let said = |from: &str, to: &str| format!("{from} is started after {to}");
    for service in &compose.services {
        let Some(from) = names.service([&service.name.value]) else { continue };
        let before = service.depends_on.iter().filter(|before| !service.after.contains(&before.value));
        orders.extend(before.filter_map(|before| {
            let to = names.service([&before.value])?;
            Some(Order { from, to, place: Place { file, range: before.range }, said })
        }));
    }
}

fn builds(file: FileId, projects: &[Project], names: &Names, orders: &mut Vec<Order>) {
    let said = |from: &str, to: &str| format!("{from} is built with {to}");
    for project in projects {
        let Some(from) = project.name.as_ref().and_then(|name| names.service([&name.value])) else { continue };
        orders.extend(project.implicit.iter().filter_map(|other| {
            let to = names.service([&other.value])?;
            Some(Order { from, to, place: Place { file, range: other.range }, said })
        }));
    }
}
