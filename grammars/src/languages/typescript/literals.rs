//! Literals: strings and their escapes, templates, numbers, objects, arrays, and the names of properties.

use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Entry, Expr, ExprId, FunctionKind, Object, Symbol, TextRange};

impl<'t> Lowering<'t> {
    /// The value of a string literal.
    pub(super) fn string_value(&self, child: Child<'t>) -> Symbol {
        let text = self.text_of(child);
        let inner = text.get(1..).unwrap_or_default();
        let quote = text.chars().next().unwrap_or('"');
        unescape(inner.strip_suffix(quote).unwrap_or(inner))
    }

    pub(super) fn string_expr(&mut self, child: Child<'t>) -> ExprId {
        let value = self.string_value(child);
        self.add_at(Expr::Str(value), child)
    }

    /// A template string: one text if it has no holes.
    pub(super) fn template(&mut self, child: Child<'t>) -> ExprId {
        let end = child.node.end_byte();
        let closed = self.slice(end.saturating_sub(1), end) == "`" && end > child.node.start_byte() + 1;
        let (mut from, to) = (child.node.start_byte() + 1, if closed { end - 1 } else { end });
        if !self.slice(from, to).contains("${") {
            let text = unescape(self.slice(from, to));
            return self.add_at(Expr::Str(text), child);
        }
        let children = self.children(child);
        let mut parts = Vec::new();
        for at in children.clone() {
            let hole = self.stack[at];
            if hole.kind != Kind::TemplateSubstitution {
                continue;
            }
            self.template_text(from, hole.node.start_byte(), &mut parts);
            from = hole.node.end_byte();
            let within = self.children(hole);
            let value = match self.first_named(&within) {
                Some(value) => self.expr(value, Context::USED),
                None => self.add_at(Expr::Unknown, hole),
            };
            self.release(within);
            parts.push(value);
        }
        self.release(children);
        if parts.is_empty() {
            let text = unescape(self.slice(from, to));
            return self.add_at(Expr::Str(text), child);
        }
        self.template_text(from, to, &mut parts);
        self.add_at(Expr::Concat(parts), child)
    }

    fn template_text(&mut self, from: usize, to: usize, parts: &mut Vec<ExprId>) {
        let text = self.slice(from, to);
        if !text.is_empty() {
            let text = unescape(text);
            parts.push(self.add(Expr::Str(text), TextRange::new(from, to)));
        }
    }

    /// A number, or one behind a minus.
    pub(super) fn number(&mut self, child: Child<'t>) -> ExprId {
        let text = self.number_text(child);
        self.add_at(Expr::Number(text), child)
    }

    fn number_text(&self, child: Child<'t>) -> Symbol {
        let text = self.text_of(child);
        if text.contains(['_', ' ', 'n']) {
            return text.chars().filter(|letter| !matches!(letter, '_' | ' ' | 'n')).collect();
        }
        Symbol::new(text)
    }

    pub(super) fn array(&mut self, child: Child<'t>) -> ExprId {
        let children = self.children(child);
        let mut elements = Vec::with_capacity(children.len());
        for at in children.clone() {
            let element = self.stack[at];
            let value = self.expr(element, Context::USED);
            // `...xs` puts elements of `xs` here.
            elements.push(if element.kind == Kind::SpreadElement { self.add_at(Expr::Element(value), element) } else { value });
        }
        self.release(children);
        self.add_at(Expr::Array(elements), child)
    }

    pub(super) fn object(&mut self, child: Child<'t>) -> ExprId {
        let children = self.children(child);
        let mut entries = Vec::with_capacity(children.len());
        for at in children.clone() {
            let entry = self.stack[at];
            match entry.kind {
                Kind::Pair => entries.extend(self.pair(entry)),
                Kind::ShorthandPropertyIdentifier => {
                    let name = self.symbol(entry);
                    let value = self.expr(entry, Context::USED);
                    entries.push(Entry::Field { name, value, range: range(entry) });
                }
                Kind::SpreadElement => entries.push(Entry::Spread(self.expr(entry, Context::USED))),
                Kind::MethodDefinition => entries.extend(self.object_method(entry)),
                _ => self.anything(entry),
            }
        }
        self.release(children);
        self.add_at(Expr::Object(Box::new(Object { type_path: Symbol::default(), entries })), child)
    }

    fn pair(&mut self, pair: Child<'t>) -> Option<Entry> {
        let children = self.children(pair);
        let (key, value) = (self.field(&children, Field::Key), self.field(&children, Field::Value));
        self.release(children);
        let key = self.key(key?);
        let value = match value {
            Some(value) => self.expr(value, Context::USED),
            None => self.add_at(Expr::Unknown, pair),
        };
        Some(entry(key, value))
    }

    fn object_method(&mut self, method: Child<'t>) -> Option<Entry> {
        let children = self.children(method);
        let name = self.field(&children, Field::Name);
        let setter = self.of_kind(&children, Kind::SetToken).is_some();
        self.release(children);
        let key = self.key(name?);
        let function = self.method(method, None, Vec::new(), FunctionKind::Method);
        let value = self.add_at(Expr::Closure(function), method);
        // What is assigned to is not what is read.
        if setter {
            self.take_back(value);
            return None;
        }
        Some(entry(key, value))
    }

    /// The key of a property: `name`, `"name"`, `1`, `["name"]`, or an expression.
    pub(super) fn key(&mut self, key: Child<'t>) -> Key {
        if key.kind != Kind::ComputedPropertyName {
            return Key::Name(self.property_name(key), range(key));
        }
        let children = self.children(key);
        let inner = self.first_named(&children);
        self.release(children);
        let value = match inner {
            Some(inner) => self.expr(inner, Context::USED),
            None => self.add_at(Expr::Unknown, key),
        };
        match self.facts.expr(value) {
            Expr::Str(name) => {
                let name = name.clone();
                self.take_back(value);
                Key::Name(name, range(key))
            }
            _ => Key::Computed(value),
        }
    }

    /// The name of a property as text; for a computed one what stands in the brackets, with them.
    pub(super) fn property_name(&self, name: Child<'t>) -> Symbol {
        match name.kind {
            Kind::String => self.string_value(name),
            Kind::Number => self.number_text(name),
            _ => self.symbol(name),
        }
    }
}

/// The key of a property.
pub(super) enum Key {
    Name(Symbol, TextRange),
    Computed(ExprId),
}

fn entry(key: Key, value: ExprId) -> Entry {
    match key {
        Key::Name(name, range) => Entry::Field { name, value, range },
        Key::Computed(key) => Entry::Computed { key, value },
    }
}

/// Resolves the escapes of a string or template.
pub(super) fn unescape(text: &str) -> Symbol {
    if !text.contains('\\') {
        return Symbol::new(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('0') => out.push('\0'),
            Some('x') => out.extend(code_point(&mut rest, 2)),
            Some('u') if rest.as_str().starts_with('{') => {
                rest.next();
                let digits: String = rest.by_ref().take_while(|letter| *letter != '}').take(8).collect();
                out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some('u') => out.extend(code_point(&mut rest, 4)),
            // A line that is continued.
            Some('\r') if rest.as_str().starts_with('\n') => {
                rest.next();
            }
            Some('\n' | '\r') | None => {}
            Some(other) => out.push(other),
        }
    }
    Symbol::from(out)
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text = rest.as_str().get(..digits)?;
    let value = u32::from_str_radix(text, 16).ok()?;
    for _ in 0..digits {
        rest.next();
    }
    char::from_u32(value)
}
