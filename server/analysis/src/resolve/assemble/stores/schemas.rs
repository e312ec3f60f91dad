//! What Prisma's schemas say: which database a client opens, and which table a model is.

use std::sync::Arc;

use portolan_grammars::facts::{CallId, FunctionId, Symbol};

use crate::FunctionRef;
use crate::files::Files;
use crate::resolve::assemble::Input;
use crate::resolve::data::system_of_dialect;
use crate::resolve::link::{AccessDecl, ConnectionDecl, FileLink, Url};
use crate::resolve::value::{CallRef, Part, Pattern};
use crate::workspace::Workspace;
use crate::workspace::prisma::{PrismaSchema, PrismaSchemas};

/// All connections, completed by what a Prisma schema says of its database.
pub(in crate::resolve) fn connections(files: &Files, workspace: &Workspace, links: &[Option<Arc<FileLink>>]) -> Vec<ConnectionDecl> {
    let of_schema = |connection: &ConnectionDecl| match workspace.prisma.of_code(files.path(connection.site.file), None) {
        Some(schema) if connection.prisma => complete(schema, Some(connection)),
        _ => connection.clone(),
    };
    links.iter().flatten().flat_map(|link| &link.connections).map(of_schema).collect()
}

/// A connection of a Prisma client, as far as the code says it, and for the rest its schema.
pub(super) fn complete(schema: &PrismaSchema, connection: Option<&ConnectionDecl>) -> ConnectionDecl {
    let mut connection = connection.cloned().unwrap_or_else(|| ConnectionDecl {
        system: "*".into(),
        prisma: true,
        urls: Vec::new(),
        hosts: Vec::new(),
        databases: Vec::new(),
        site: CallRef { file: schema.file, call: CallId(0) },
        function: FunctionRef { file: schema.file, function: FunctionId::MODULE },
        module: None,
    });
    if let Some(system) = schema.provider.as_deref().and_then(system_of_dialect).filter(|_| connection.system == "*") {
        connection.system = system.into();
    }
    if connection.urls.is_empty() {
        let env = |name: &Symbol| Part::Env { name: name.clone(), default: None, guessed: false, source: None };
        let part = schema.url_env.as_ref().map(env).or(schema.url.as_ref().map(|url| Part::Text(url.clone())));
        connection.urls.extend(part.map(|part| Url::plain(Pattern::part(part))));
    }
    if connection.urls.is_empty() && connection.hosts.is_empty() && connection.databases.is_empty() {
        connection.databases.push(Url::plain(Pattern::text(schema.path.clone())));
    }
    connection
}

/// The schema that an access to a model means.
pub(super) fn schema_of<'a>(files: &Files, schemas: &'a PrismaSchemas, access: &AccessDecl) -> Option<&'a PrismaSchema> {
    let model = access.collections.first().map(|used| &used.name).filter(|_| access.models);
    let code = access.connection.map_or(access.site.file, |connection| connection.file);
    schemas.of_code(files.path(code), model)
}

/// The table that an access means by a name.
pub(in crate::resolve) fn table(files: &Files, schemas: &PrismaSchemas, access: &AccessDecl, name: &Symbol) -> Symbol {
    let schema = if access.models { schema_of(files, schemas, access) } else { None };
    schema.and_then(|schema| schema.table(name)).unwrap_or(name).clone()
}

/// Whether a schema says that a second row with the same values is refused.
pub(super) fn has_unique_key(input: &Input<'_>, access: &AccessDecl, table: &Symbol) -> bool {
    access.prisma && schema_of(input.files, &input.workspace.prisma, access).is_some_and(|schema| schema.has_unique_key(table))
}
