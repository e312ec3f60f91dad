//! GraphQL: the root fields that a document asks for, the resolvers of a service, and the calls that send documents.
//!
//! What deliberately does not live here: who answers a root field ([`super::assemble`]), and schemas, which front ends copy. Invariant: reading a
//! document is one pass over its characters.

use portolan_grammars::catalog::{self, GRAPHQL_ROOTS, Selector};
use portolan_grammars::facts::{Expr, FunctionId, Symbol};

use super::index::last_segment;
use super::library::CallView;
use super::link::{Linker, OperationCall, OperationClient, OperationHandler, Url};
use super::outbound::{Draft, function_in};
use super::spans::Walk;
use super::value::{Part, Pattern, Value};
use crate::FunctionRef;
use crate::chart::Protocol;

/// Root fields of one document that are looked at.
const MAX_FIELDS: usize = 32;

impl<'w> Linker<'w> {
    /// A call that sends a document.
    pub(super) fn graphql_call(
        &mut self,
        walk: &Walk<'w>,
        function: FunctionRef,
        view: &CallView<'_>,
        entry: &catalog::GraphqlCall,
    ) -> bool {
        let Some(document) = self.evaluator.select_text(&entry.document, view) else { return false };
        let url = entry.url.as_ref().and_then(|selector| self.evaluator.select_text(selector, view));
        let detached = self.is_detached(walk, view.site.call);
        for draft in self.drafts(view.site, function, &[document, url.unwrap_or(Value::text(""))], detached) {
            for lifted in self.lift(draft, &|_, draft| draft.texts[0].has_param()) {
                let names = root_fields(&text_of(&lifted.texts[0]));
                if names.is_empty() {
                    continue;
                }
                let addresses: Vec<Url> = match lifted.texts[1].literal() {
                    Some(text) if text.is_empty() => Vec::new(),
                    _ => self.bases(&lifted.texts[1]),
                };
                for Draft { site, function, .. } in self.out_of_hooks(lifted) {
                    let (names, addresses) = (names.clone(), addresses.clone());
                    self.link.operations.push(OperationCall {
                        protocol: Protocol::Graphql,
                        site,
                        function,
                        names,
                        addresses,
                        declared: None,
                    });
                }
            }
        }
        true
    }

    /// Where a hook that a code generator made for one document is called: `useOrdersQuery()` sends `OrdersDocument`.
    fn out_of_hooks(&mut self, draft: Draft) -> Vec<Draft> {
        const KINDS: [&str; 3] = ["Query", "Mutation", "Subscription"];
        let Some((facts, index)) = self.evaluator.file(draft.site.file) else { return vec![draft] };
        let name = &facts.function(draft.function.function).name;
        let operation = name.strip_prefix("use").and_then(|rest| KINDS.iter().find_map(|kind| rest.strip_suffix(kind)));
        let Some(operation) = operation else { return vec![draft] };
        let stem = ["Lazy", "Suspense"].iter().find_map(|ending| operation.strip_suffix(ending)).unwrap_or(operation);
        if !index.bindings.contains_key(format!("{stem}Document").as_str()) {
            return vec![draft];
        }
        let callers = self.evaluator.callers(draft.function);
        callers.iter().map(|site| Draft { site: *site, function: self.evaluator.function_of(*site), ..draft.clone() }).collect()
    }

    /// The client that documents go through which name no other.
    pub(super) fn graphql_client(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::GraphqlClient) -> bool {
        let Some(url) = self.evaluator.select_text(&entry.url, view) else { return false };
        let mut addresses = Vec::new();
        for pattern in url.patterns() {
            addresses.extend(self.bases(&pattern));
        }
        self.link.operation_clients.push(OperationClient { protocol: Protocol::Graphql, function, addresses });
        true
    }

    /// A map of resolvers given to a server.
    pub(super) fn graphql_server(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::GraphqlServer) -> bool {
        let resolvers = entry.resolvers.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let Some(resolvers) = resolvers else { return self.graphql_objects(function, view, entry) };
        for map in resolvers.alternatives().to_vec() {
            for root in &GRAPHQL_ROOTS {
                let fields = self.evaluator.member(&map, root, None);
                for fields in fields.alternatives() {
                    let Value::Object(fields) = fields else { continue };
                    let mut all: Vec<(&Symbol, &Value)> = fields.fields.iter().collect();
                    all.sort_by_key(|(name, _)| *name);
                    for (field, value) in all {
                        // `subscription: { subscribe: … }` and resolvers with options hold the function inside.
                        let handler = function_in(value).or_else(|| match value {
                            Value::Object(inner) => ["subscribe", "resolve"].iter().find_map(|key| function_in(inner.fields.get(*key)?)),
                            _ => None,
                        });
                        let name = format!("{root}.{field}").into();
                        self.link.operation_handlers.push(OperationHandler::plain(Protocol::Graphql, name, function, handler));
                    }
                }
            }
        }
        true
    }

    /// A method that a decorator makes a root field's resolver. A factory of classes makes one of the same method for each call of the factory.
    pub(super) fn graphql_resolver(&mut self, walk: &Walk<'w>, id: FunctionId, view: &CallView<'_>, entry: &catalog::GraphqlServer) {
        let method = FunctionRef { file: self.file, function: id };
        let root = last_segment(&view.callee.name);
        let answers = |function: FunctionRef, field: &str| {
            let name = format!("{root}.{field}").into();
            OperationHandler::plain(Protocol::Graphql, name, function, Some(method))
        };
        // `() => Order` says what it answers with, not what it is called.
        let argument = |take: &catalog::Take| usize::try_from(take.argument?).ok().and_then(|at| view.call.args.get(at));
        let is_thunk = |take: &&catalog::Take| argument(take).is_some_and(|it| matches!(walk.facts.expr(it.value), Expr::Closure(_)));
        let takes: Vec<catalog::Take> = entry.name.iter().flat_map(Selector::takes).filter(|take| !is_thunk(take)).cloned().collect();
        let named = self.evaluator.select_text(&Selector::FirstOf(takes.clone()), view);
        if let Some(field) = named.as_ref().and_then(Value::literal) {
            self.link.operation_handlers.push(answers(method, &field));
            return;
        }
        if let Some(named) = named.filter(|named| named.patterns().iter().any(Pattern::has_param)) {
            for draft in self.drafts(view.site, method, &[named], false) {
                for lifted in self.lift(draft, &|_, draft| draft.texts[0].has_param()) {
                    self.link.operation_handlers.extend(lifted.texts[0].literal().map(|field| answers(lifted.function, &field)));
                }
            }
            return;
        }
        // It is given a name, and which one is not known: it is not the method's.
        for take in &takes {
            let Some(given) = argument(take) else { continue };
            let is_name = match (self.evaluator.eval(self.file, given.value), &take.key) {
                (Value::Object(options), Some(key)) => options.fields.contains_key(key),
                // What an option is in may be anything else; a type says what it answers with.
                (Value::Object(_) | Value::Class(_) | Value::External(..), _) | (_, Some(_)) => false,
                (_, None) => true,
            };
            if is_name {
                return;
            }
        }
        let name = &walk.facts.function(id).name;
        if !name.is_empty() && !name.starts_with('[') {
            self.link.operation_handlers.push(answers(method, name));
        }
    }
}

/// A document's text without its holes, which are fragments at most.
fn text_of(pattern: &Pattern) -> String {
    pattern
        .parts
        .iter()
        .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The root fields of all operations of a document: `Query.orders`.
pub fn root_fields(document: &str) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    let mut tokens = Tokens { rest: document };
    let mut root = Some("Query");
    // The selections of an operation stand at depth 1, arguments and directives in parentheses aside.
    let (mut depth, mut parentheses) = (0_u32, 0_u32);
    let mut before = Token::Mark(' ');
    let mut directive = false;
    while let Some(token) = tokens.next() {
        match token {
            Token::Mark('(' | '[') => parentheses += 1,
            Token::Mark(')' | ']') => parentheses = parentheses.saturating_sub(1),
            Token::Mark('{') if parentheses == 0 => depth += 1,
            Token::Mark('}') if parentheses == 0 => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    root = Some("Query");
                }
            }
            Token::Word(word) if parentheses == 0 && depth == 0 => match word {
                "query" if !matches!(before, Token::Word(_)) => root = Some("Query"),
                "mutation" if !matches!(before, Token::Word(_)) => root = Some("Mutation"),
                "subscription" if !matches!(before, Token::Word(_)) => root = Some("Subscription"),
                // Anything else that opens a definition has no root fields: fragments, types of a schema.
                _ if !matches!(before, Token::Word(_)) && !directive => root = None,
                _ => {}
            },
            Token::Word(word) if parentheses == 0 && depth == 1 && !directive => {
                let spread = matches!(before, Token::Mark('.')) || matches!(before, Token::Word("on"));
                let alias = tokens.peek() == Some(':');
                if let Some(root) = root
                    && !spread
                    && !alias
                    && word != "on"
                    && !word.starts_with("__")
                    && found.len() < MAX_FIELDS
                {
                    let name = format!("{root}.{word}").into();
                    if !found.contains(&name) {
                        found.push(name);
                    }
                }
            }
            _ => {}
        }
        directive = matches!(token, Token::Mark('@'));
        before = match token {
            // What stands before a definition's keyword is no part of it.
            Token::Mark('}') => Token::Mark(' '),
            Token::Mark(')') => Token::Mark(' '),
            token => token,
        };
    }
    found
}

#[derive(Debug, Clone, Copy)]
enum Token<'t> {
    Word(&'t str),
    Mark(char),
}

struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Tokens<'t> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches(|character: char| character.is_whitespace() || character == ',');
            match self.rest.strip_prefix('#') {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return,
            }
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.skip();
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<Token<'t>> {
        let first = self.peek()?;
        if first == '"' {
            let quote = if self.rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
            self.rest = self.rest[quote.len()..].split_once(quote).map_or("", |(_, rest)| rest);
            return Some(Token::Mark('"'));
        }
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        if is_word(first) {
            let end = self.rest.find(|character: char| !is_word(character)).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(Token::Word(word));
        }
        self.rest = &self.rest[first.len_utf8()..];
        Some(Token::Mark(first))
    }
}

#[cfg(test)]
mod tests {
    use super::root_fields;

    #[test]
    fn documents_ask_for_root_fields() {
        let fields = |text: &str| root_fields(text).join(" ");
        assert_eq!(fields("query Orders($id: ID!) { orders(where: { id: $id }) { id total } }"), "Query.orders");
        assert_eq!(fields("{ a b { c } }"), "Query.a Query.b");
        assert_eq!(fields("mutation { first: pay(id: 1) { id } }"), "Mutation.pay");
        assert_eq!(fields("fragment F on Order { id } query Q { order { ...F } }"), "Query.order");
        assert_eq!(fields("query Q @live { order @include(if: $x) { id } ...Rest ... on Query { more } }"), "Query.order");
        assert_eq!(fields("# query { no }\nsubscription S { \n paid { id } }"), "Subscription.paid");
        assert_eq!(fields("type Query { orders: [Order] }"), "");
        assert_eq!(fields("SELECT 1"), "");
        assert_eq!(fields("query { \"\"\"x"), "");
        assert_eq!(fields("{{{{"), "");
    }
}
