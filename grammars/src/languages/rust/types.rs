//! Types as written, and paths with their generic arguments.
//!
//! What deliberately does not live here: type declarations. Invariant: what changes nothing about which type is meant is gone.

use super::kinds::{Field, Kind};
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Symbol, TextRange, TypeRef};

/// Types longer than this are read off the nodes; it bounds the recursion too.
const MAX_SIMPLE_TYPE: usize = 96;

/// Reads a simple type off its text.
struct TypeReader<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins in the file.
    base: u32,
}

impl TypeReader<'_> {
    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, mark: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(mark);
        self.at += usize::from(found);
        found
    }

    /// A type; nothing where it is not simple after all.
    fn read(&mut self) -> Option<TypeRef> {
        self.skip_spaces();
        let start = self.at;
        while self.eat('&') {}
        self.skip_spaces();
        let path = self.path()?;
        let mut args = Vec::new();
        if self.eat('<') {
            loop {
                if self.eat('>') {
                    break;
                }
                args.push(self.read()?);
                if !self.eat(',') {
                    if !self.eat('>') {
                        return None;
                    }
                    break;
                }
            }
        }
        let range = TextRange { start: self.base + start as u32, end: self.base + self.at as u32 };
        Some(TypeRef { path, args, range })
    }

    fn path(&mut self) -> Option<Symbol> {
        let start = self.at;
        loop {
            let name = self.rest().find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(self.rest().len());
            let word = &self.rest()[..name];
            // Constants, and words that begin something else.
            if word.is_empty()
                || word.starts_with(|first: char| first.is_ascii_digit())
                || matches!(word, "mut" | "dyn" | "impl" | "for" | "fn" | "true" | "false")
            {
                return None;
            }
            self.at += name;
            if !self.rest().starts_with("::") {
                break;
            }
            self.at += 2;
        }
        Some(Symbol::new(&self.text[start..self.at]))
    }
}

/// A path taken apart.
pub(super) struct PathParts {
    /// Its segments without generic arguments.
    pub(super) segments: Vec<Symbol>,
    /// Generic arguments of any segment: those nearest to the end.
    pub(super) types: Vec<TypeRef>,
    /// Where the last segment stands.
    pub(super) name_range: TextRange,
}

impl<'t> Lower<'t, '_, '_> {
    /// A type as written; an empty path where it is none.
    pub(super) fn type_ref(&mut self, node: Child<'t>) -> TypeRef {
        let range = self.range(node);
        let leaf = |path: Symbol, args| TypeRef { path, args, range };
        if self.out.depth >= MAX_DEPTH {
            return leaf(Symbol::default(), Vec::new());
        }
        match node.kind {
            Kind::TypeIdentifier | Kind::PrimitiveType | Kind::Identifier => return leaf(self.symbol(node), Vec::new()),
            Kind::UnitType => return leaf(Symbol::new_static("()"), Vec::new()),
            Kind::NeverType => return leaf(Symbol::new_static("!"), Vec::new()),
            _ => {}
        }
        if let Some(simple) = self.simple_type(range) {
            return simple;
        }
        self.out.depth += 1;
        let result = self.compound_type(node, range);
        self.out.depth -= 1;
        result
    }

    /// A type of names, `&` and `<…>` alone, read off the text: that spares most of the looking at nodes.
    fn simple_type(&self, range: TextRange) -> Option<TypeRef> {
        let text = self.out.slice(range);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'<' | b'>' | b',' | b' ' | b'&');
        if text.len() > MAX_SIMPLE_TYPE || !text.bytes().all(allowed) {
            return None;
        }
        let mut reader = TypeReader { text, at: 0, base: range.start };
        let ty = reader.read()?;
        reader.skip_spaces();
        (reader.at == text.len()).then_some(TypeRef { range, ..ty })
    }

    fn compound_type(&mut self, node: Child<'t>, range: TextRange) -> TypeRef {
        if matches!(node.kind, Kind::ScopedTypeIdentifier | Kind::ScopedIdentifier) {
            let parts = self.path_parts(node);
            return TypeRef { path: joined(&parts.segments), args: parts.types, range };
        }
        let list = self.open(node.node);
        let mut path = Symbol::default();
        let mut args = Vec::new();
        let inner = match node.kind {
            Kind::GenericType | Kind::GenericTypeWithTurbofish => {
                if let Some(name) = self.find(list, Field::Type) {
                    path = joined(&self.path_parts(name).segments);
                }
                if let Some(arguments) = self.find(list, Field::TypeArguments) {
                    args = self.type_arguments(arguments);
                }
                None
            }
            Kind::ReferenceType | Kind::PointerType | Kind::HigherRankedTraitBound => self.find(list, Field::Type),
            Kind::DynamicType | Kind::AbstractType => self.find(list, Field::Trait),
            Kind::BoundedType | Kind::RemovedTraitBound | Kind::BracketedType => self.first_type(list),
            Kind::QualifiedType => self.find(list, Field::Alias),
            Kind::TypeBinding => self.find(list, Field::Type),
            Kind::TupleType => {
                path = Symbol::new_static("()");
                args = self.types_in(list);
                // `(T)` is the type itself.
                if args.len() == 1
                    && !self.text(node).trim_end_matches(')').trim_end().ends_with(',')
                    && let Some(only) = args.pop()
                {
                    path = only.path;
                    args = only.args;
                }
                None
            }
            Kind::ArrayType => {
                path = Symbol::new_static("[]");
                if let Some(element) = self.find(list, Field::Element) {
                    args.push(self.type_ref(element));
                }
                None
            }
            Kind::FunctionType => {
                path = Symbol::new_static("fn");
                if let Some(result) = self.find(list, Field::ReturnType) {
                    args.push(self.type_ref(result));
                }
                None
            }
            Kind::MacroInvocation => {
                if let Some(name) = self.find(list, Field::Macro) {
                    path = joined(&self.path_parts(name).segments);
                }
                None
            }
            _ => None,
        };
        let result = match inner {
            Some(inner) => TypeRef { range, ..self.type_ref(inner) },
            None => TypeRef { path, args, range },
        };
        self.close(list);
        result
    }

    fn first_type(&self, list: List) -> Option<Child<'t>> {
        self.nodes[list.start..list.end].iter().find(|child| child.named && child.kind != Kind::Lifetime).copied()
    }

    /// The types of a `<A, B>`; lifetimes, constants and names of associated types are gone.
    pub(super) fn type_arguments(&mut self, node: Child<'t>) -> Vec<TypeRef> {
        let list = self.open(node.node);
        let types = self.types_in(list);
        self.close(list);
        types
    }

    fn types_in(&mut self, list: List) -> Vec<TypeRef> {
        let mut types = Vec::new();
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.named && is_type(child.kind) {
                types.push(self.type_ref(child));
            }
        }
        types
    }

    /// The types of `: A + B`.
    pub(super) fn bounds(&mut self, node: Child<'t>) -> Vec<TypeRef> {
        self.type_arguments(node)
    }

    /// Takes a path, of values or types, apart.
    pub(super) fn path_parts(&mut self, node: Child<'t>) -> PathParts {
        let range = self.range(node);
        let text = self.text(node);
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'#') || !byte.is_ascii());
        if plain {
            let segments: Vec<Symbol> =
                text.split("::").filter(|part| !part.is_empty()).map(|part| Symbol::new(part.strip_prefix("r#").unwrap_or(part))).collect();
            let last = text.len() - text.rfind(':').map_or(0, |at| at + 1);
            return PathParts { segments, types: Vec::new(), name_range: TextRange { start: range.end - last as u32, end: range.end } };
        }
        let mut parts = PathParts { segments: Vec::new(), types: Vec::new(), name_range: range };
        let mut next = Some(node);
        while let Some(node) = next.take() {
            match node.kind {
                Kind::ScopedIdentifier | Kind::ScopedTypeIdentifier => {
                    let list = self.open(node.node);
                    if let Some(name) = self.find(list, Field::Name) {
                        if parts.segments.is_empty() {
                            parts.name_range = self.range(name);
                        }
                        parts.segments.push(self.symbol(name));
                    }
                    next = self.find(list, Field::Path);
                    self.close(list);
                }
                Kind::GenericType | Kind::GenericTypeWithTurbofish => {
                    let list = self.open(node.node);
                    if parts.types.is_empty()
                        && let Some(arguments) = self.find(list, Field::TypeArguments)
                    {
                        parts.types = self.type_arguments(arguments);
                    }
                    next = self.find(list, Field::Type);
                    self.close(list);
                }
                Kind::BracketedType | Kind::QualifiedType => {
                    let list = self.open(node.node);
                    next = self.find(list, Field::Alias).or_else(|| self.first_type(list));
                    self.close(list);
                }
                Kind::Identifier | Kind::TypeIdentifier | Kind::SelfValue | Kind::Super | Kind::Crate | Kind::PrimitiveType => {
                    parts.segments.push(self.symbol(node));
                }
                // In a macro's definition, `$crate` is the crate of the definition.
                Kind::Metavariable => {
                    let name = self.text(node);
                    parts.segments.push(Symbol::new(if name == "$crate" { "crate" } else { name }));
                }
                _ => {
                    let other = self.type_ref(node);
                    if !other.path.is_empty() {
                        parts.segments.push(other.path);
                    }
                }
            }
        }
        parts.segments.reverse();
        parts
    }
}

/// Whether nodes of this kind are types only.
pub(super) fn is_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::TypeIdentifier
            | Kind::PrimitiveType
            | Kind::ScopedTypeIdentifier
            | Kind::GenericType
            | Kind::ReferenceType
            | Kind::PointerType
            | Kind::TupleType
            | Kind::UnitType
            | Kind::ArrayType
            | Kind::FunctionType
            | Kind::NeverType
            | Kind::DynamicType
            | Kind::AbstractType
            | Kind::BoundedType
            | Kind::RemovedTraitBound
            | Kind::HigherRankedTraitBound
            | Kind::TypeBinding
            | Kind::MacroInvocation
    )
}

/// Segments as one path.
pub(super) fn joined(segments: &[Symbol]) -> Symbol {
    match segments {
        [] => Symbol::default(),
        [one] => one.clone(),
        many => Symbol::new(many.join("::")),
    }
}
