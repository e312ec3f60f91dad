//! Elements of JSX: an element of a component is a call of it with an object of its properties.
//!
//! What deliberately does not live here: elements of HTML, which are looked through for what stands in them. Invariant: children are lowered
//! where they stand, they are no property.

use super::literals::unescape;
use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Arg, CallKind, Entry, Expr, ExprId, Object, Symbol, TextRange};

impl<'t> Lowering<'t> {
    /// Lowers `<Name …/>`, or the opening tag of one with children.
    pub(super) fn element(&mut self, child: Child<'t>) -> ExprId {
        let children = self.children(child);
        let name = self.field(&children, Field::Name).filter(|name| self.is_component(*name));
        let Some(name) = name else {
            for at in children.clone() {
                self.anything(self.stack[at]);
            }
            self.release(children);
            return self.add_at(Expr::Unknown, child);
        };
        let callee = self.expr(name, Context::USED);
        let mut entries = Vec::new();
        for at in children.clone() {
            let part = self.stack[at];
            match part.kind {
                Kind::JsxAttribute => entries.extend(self.property(part)),
                Kind::JsxExpression => entries.push(Entry::Spread(self.expr(part, Context::USED))),
                _ => {}
            }
        }
        self.release(children);
        let properties = self.add_at(Expr::Object(Box::new(Object { entries, ..Object::default() })), child);
        let args = vec![Arg { value: properties, spread: false }];
        self.add_call(child, CallKind::Element, callee, range(name), args, Vec::new(), Context::USED)
    }

    fn is_component(&self, name: Child<'t>) -> bool {
        match name.kind {
            Kind::Identifier => self.text_of(name).starts_with(char::is_uppercase),
            kind => kind == Kind::MemberExpression,
        }
    }

    /// Whether an attribute of an HTML element says nothing but a text.
    pub(super) fn is_plain_text(&self, attribute: Child<'t>) -> bool {
        attribute.kind == Kind::JsxAttribute && plain_text(self.text_of(attribute)).is_some()
    }

    fn property(&mut self, attribute: Child<'t>) -> Option<Entry> {
        if let Some((name, value)) = plain_text(self.text_of(attribute)) {
            let whole = range(attribute);
            let quoted = TextRange { start: whole.start + name.len() as u32 + 1, end: whole.end };
            let value = self.add(Expr::Str(unescape(value)), quoted);
            let key = TextRange { start: whole.start, end: whole.start + name.len() as u32 };
            return Some(Entry::Field { name: Symbol::new(name), value, range: key });
        }
        let children = self.children(attribute);
        let key = self.of_kind(&children, Kind::PropertyIdentifier);
        let value =
            self.stack[children.clone()].iter().copied().find(|child| child.kind != Kind::PropertyIdentifier && child.node.is_named());
        let value = match value {
            Some(value) => self.expr(value, Context::USED),
            None => self.add_at(Expr::Bool(true), attribute),
        };
        self.release(children);
        let key = key?;
        Some(Entry::Field { name: self.symbol(key), value, range: range(key) })
    }
}

/// Name and text of an attribute such as `className="wide"`, by its own text: most are such, and to ask for their parts costs more.
fn plain_text(attribute: &str) -> Option<(&str, &str)> {
    let (name, value) = attribute.split_once('=')?;
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let text = value[1..].strip_suffix(quote)?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'));
    (is_name && !text.contains(quote)).then_some((name, text))
}
