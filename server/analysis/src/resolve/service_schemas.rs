//! Objects that declare a service of a framework: `{ name: "orders", actions: { list() { … } }, events: { "order.paid"() { … } } }`.
//!
//! What deliberately does not live here: who asks for the actions and emits the events, which the library's calls say. Invariant: an object is one
//! only if a library's call is given it, or a package exports it that depends on the library, and it has a name that is known.

use portolan_grammars::catalog;
use portolan_grammars::facts::Symbol;

use super::library::CallView;
use super::link::{EdgeDecl, Linker, MessageDecl, Site};
use super::messages::message;
use super::outbound::function_in;
use super::spans::Walk;
use super::value::{ObjectValue, Pattern, Source, Value, module_function};
use crate::FunctionRef;

impl<'w> Linker<'w> {
    /// A call that is given the schema of a service.
    pub(super) fn service_schema(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::ServiceSchema) -> bool {
        let Some(schema) = self.evaluator.select(&entry.schema, view) else { return false };
        for schema in schema.alternatives() {
            if let Value::Object(schema) = schema {
                self.schema(function, Site::Call(view.site), schema, entry);
            }
        }
        true
    }

    /// The schemas that a file exports, which the framework loads by themselves.
    pub(super) fn exported_schemas(&mut self, walk: &Walk<'w>) {
        let cx = self.evaluator.cx;
        let libraries = cx.catalog.libraries.iter().filter(|library| library.language == walk.family && !library.service_schema.is_empty());
        for library in libraries {
            if !cx.package_depends_on(&cx.paths[self.file.0 as usize], &library.packages) {
                continue;
            }
            for export in walk.facts.exports.iter().filter(|export| matches!(export.name.as_str(), "default" | "=")) {
                let Value::Object(schema) = self.evaluator.eval(self.file, export.value) else { continue };
                for entry in &library.service_schema {
                    self.schema(module_function(self.file), Site::Part(self.file, export.value), &schema, entry);
                }
            }
        }
    }

    fn schema(&mut self, function: FunctionRef, site: Site, schema: &ObjectValue, entry: &catalog::ServiceSchema) {
        let Some(name) = schema.fields.get(&entry.name).and_then(Value::literal) else { return };
        let space = match schema.fields.get(&entry.version).and_then(Value::literal) {
            Some(version) if version.starts_with(|first: char| first.is_ascii_digit()) => format!("v{version}.{name}."),
            Some(version) => format!("{version}.{name}."),
            None => format!("{name}."),
        };
        for (key, space, replies) in [(&entry.actions, space.as_str(), true), (&entry.events, "", false)] {
            let Some(Value::Object(parts)) = schema.fields.get(key) else { continue };
            let mut keys: Vec<&Symbol> = parts.fields.keys().collect();
            keys.sort();
            for key in keys {
                let handler = match &parts.fields[key] {
                    Value::Object(part) => part.fields.get(&entry.handler).and_then(function_in),
                    part => function_in(part),
                };
                // What is switched off, or not known, may be another's: a mixin's.
                let Some(handler) = handler else { continue };
                let site = match parts.sources.get(key) {
                    Some(Source::Expr(file, part)) => Site::Part(*file, *part),
                    _ => site,
                };
                self.link.edges.push(EdgeDecl::plain(function.function, handler, None));
                self.link.messages.push(MessageDecl {
                    consumes: true,
                    system: entry.system.clone(),
                    handler: Some(handler),
                    replies,
                    ..message(site, function, vec![Pattern::text(format!("{space}{key}"))], None)
                });
            }
        }
    }
}
