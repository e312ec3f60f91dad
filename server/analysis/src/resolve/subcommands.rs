//! Subcommands: enums of which a word of the command line chooses a variant, and the arms of `match` that are for such variants.
//!
//! What deliberately does not live here: which words a service is started with, and what that leaves out ([`super::assemble`]). Invariant: only an
//! arm that asks for nothing but variants of such an enum is one.

use portolan_grammars::catalog::{Names, SettingStruct, Subcommands};
use portolan_grammars::facts::{Attribute, Case, Expr, RegionId, SourceFacts, Symbol, TypeId, TypeKind, TypeRef, VARIANT};

use super::evaluate::{Evaluator, regions_around};
use super::index::last_segment;
use super::link::Linker;
use super::spans::Walk;
use super::value::ClassRef;
use super::variants::in_case;
use crate::FileId;
use crate::words::generated_words;

/// Structs within structs that are looked through for an enum.
const MAX_DEPTH: u32 = 4;

/// Types around an enum that say only whether there is one, or where it lies.
const HOLDERS: [&str; 2] = ["Option", "Box"];

/// An enum of which a word of the command line chooses a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct SubcommandsDecl {
    /// The enum, of the same file.
    pub id: TypeId,
    /// Its variants.
    pub variants: Vec<SubcommandDecl>,
}

/// A variant that a word of the command line chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct SubcommandDecl {
    /// Its name.
    pub name: Symbol,
    /// The words that choose it; none where that is not known.
    pub words: Vec<Symbol>,
    /// The type of the workspace that it holds.
    pub held: Option<ClassRef>,
    /// Enums of which words behind that one choose.
    pub next: Vec<ClassRef>,
}

/// An arm that runs only for some variants of such an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmDecl {
    /// The arm.
    pub region: RegionId,
    /// The enum.
    pub of: ClassRef,
    /// The variants.
    pub variants: Vec<Symbol>,
    /// Whether it runs for all but those.
    pub negated: bool,
}

impl<'w> Linker<'w> {
    /// Notes a Rust file's enums of subcommands, what its command lines begin with, and arms for variants of such enums.
    pub(super) fn subcommands(&mut self, walk: &Walk<'w>) {
        let facts = walk.facts;
        if facts.language.is_ecmascript() {
            return;
        }
        for at in 0..facts.types.len() as u32 {
            let class = ClassRef { file: self.file, class: TypeId(at) };
            if let Some((_, entry, how)) = self.evaluator.subcommand_enum(class) {
                let variants = self.evaluator.subcommand_variants(class, how);
                self.link.subcommands.push(SubcommandsDecl { id: class.class, variants });
                if self.evaluator.derives_any(class, &entry.derive) {
                    self.link.command_lines.push(class);
                }
            } else if facts.type_def(class.class).kind == TypeKind::Struct {
                let begun = self.evaluator.subcommands_of(class, MAX_DEPTH);
                self.link.command_lines.extend(begun);
            }
        }
        for (region, case) in &facts.cases {
            let arm = self.evaluator.subcommand_arm(self.file, facts, *region, case);
            self.link.arms.extend(arm);
        }
    }
}

impl<'w> Evaluator<'w> {
    /// The libraries' structs of settings that know subcommands.
    fn command_line_structs(&self) -> impl Iterator<Item = (usize, &'w SettingStruct, &'w Subcommands)> + use<'w> {
        self.cx.catalog.setting_structs().filter_map(|(at, entry)| Some((at, entry, entry.subcommands.as_ref()?)))
    }

    /// Whether a type derives one of some traits of a library that knows subcommands.
    fn derives_any(&mut self, class: ClassRef, traits: &Names) -> bool {
        self.command_line_structs().any(|(library, ..)| self.derives(class, library, traits))
    }

    /// What makes an enum one of subcommands.
    fn subcommand_enum(&mut self, class: ClassRef) -> Option<(usize, &'w SettingStruct, &'w Subcommands)> {
        self.facts(class.file).filter(|facts| facts.type_def(class.class).kind == TypeKind::Enum)?;
        let mut entries = self.command_line_structs();
        entries.find(|(library, entry, how)| self.derives(class, *library, &how.derive) || self.derives(class, *library, &entry.derive))
    }

    fn subcommand_variants(&mut self, class: ClassRef, how: &Subcommands) -> Vec<SubcommandDecl> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let def = facts.type_def(class.class);
        let case = self.attribute_texts(class.file, facts, &def.attributes, how, &how.case).and_then(|cases| cases.into_iter().next());
        let variants = def.fields.iter().map(|variant| {
            let said = |this: &mut Self, keys| this.attribute_texts(class.file, facts, &variant.attributes, how, keys);
            let own = || match &case {
                Some(case) if case != "kebab-case" => in_case(&variant.name, Some(case)),
                _ => Some(kebab(&variant.name)),
            };
            let named = said(self, &how.name).filter(|names| !names.is_empty());
            let aliases = said(self, &how.alias);
            // Where a name is made in a way that is not read, any word may be it; and so it is of one whose words are those of its own enum.
            let flattened = has_word(facts, &variant.attributes, how, &how.flatten);
            let words = match (named.or_else(|| Some(vec![own()?])), aliases) {
                (Some(names), Some(aliases)) if !flattened => [names, aliases].concat(),
                _ => Vec::new(),
            };
            let held = variant.ty.as_ref().and_then(|ty| self.held_class(class.file, ty));
            let next = held.map(|held| self.subcommands_of(held, MAX_DEPTH)).unwrap_or_default();
            SubcommandDecl { name: variant.name.clone(), words, held, next }
        });
        variants.collect()
    }

    /// The enums of subcommands that a type is or has a field of.
    fn subcommands_of(&mut self, class: ClassRef, depth: u32) -> Vec<ClassRef> {
        if self.subcommand_enum(class).is_some() {
            return vec![class];
        }
        let Some(facts) = self.facts(class.file).filter(|_| depth > 0) else { return Vec::new() };
        let mut found = Vec::new();
        let entries: Vec<_> = self.command_line_structs().collect();
        for (library, entry, how) in entries {
            if !self.derives(class, library, &entry.derive) {
                continue;
            }
            for field in &facts.type_def(class.class).fields {
                let is_there = [&how.field, &how.flatten].iter().any(|words| has_word(facts, &field.attributes, how, words));
                let held = field.ty.as_ref().filter(|_| is_there).and_then(|ty| self.held_class(class.file, ty));
                found.extend(held.into_iter().flat_map(|held| self.subcommands_of(held, depth - 1)));
            }
        }
        found
    }

    /// The type of the workspace that one is, or what only holds it.
    fn held_class(&mut self, file: FileId, ty: &TypeRef) -> Option<ClassRef> {
        let held = ty.args.first().filter(|_| HOLDERS.contains(&last_segment(&ty.path))).unwrap_or(ty);
        self.class_named(file, portolan_grammars::facts::FunctionId::MODULE, &held.path)
    }

    /// The texts that attributes say under some keys, in lists of them, too; `None` where one is none.
    fn attribute_texts(
        &mut self,
        file: FileId,
        facts: &'w SourceFacts,
        attributes: &[Attribute],
        how: &Subcommands,
        keys: &Names,
    ) -> Option<Vec<Symbol>> {
        let mut texts = Vec::new();
        for arg in own_args(attributes, how) {
            let Expr::Object(object) = facts.expr(arg) else { continue };
            for value in keys.iter().filter_map(|key| object.field(key)) {
                let items = match facts.expr(value) {
                    Expr::Array(items) => items.clone(),
                    _ => vec![value],
                };
                for item in items {
                    texts.push(self.eval(file, item).literal()?);
                }
            }
        }
        Some(texts)
    }

    /// The arm that a region is, where it asks for variants of an enum of subcommands.
    fn subcommand_arm(&mut self, file: FileId, facts: &'w SourceFacts, region: RegionId, case: &Case) -> Option<ArmDecl> {
        let Expr::Member { object, name } = facts.expr(case.subject) else { return None };
        if name != VARIANT {
            return None;
        }
        let of = match facts.expr(*object) {
            Expr::This => self.this_class(file, facts, facts.exprs[object.index()].function)?,
            _ => {
                let value = self.eval(file, *object);
                self.declared_class(&value)?
            }
        };
        self.subcommand_enum(of)?;
        let variants = case.values.iter().map(|value| self.eval(file, *value).literal()).collect::<Option<Vec<_>>>()?;
        Some(ArmDecl { region, of, variants, negated: case.negated })
    }
}

/// A variant as a word of the command line.
fn kebab(name: &str) -> Symbol {
    generated_words(name).join("-").into()
}

/// The arguments of attributes that say something of a command line.
fn own_args<'a>(attributes: &'a [Attribute], how: &'a Subcommands) -> impl Iterator<Item = portolan_grammars::facts::ExprId> + 'a {
    let own = attributes.iter().filter(|attribute| how.attribute.iter().any(|name| *name == attribute.path));
    own.flat_map(|attribute| attribute.args.iter().copied())
}

/// Whether attributes say one of some words.
fn has_word(facts: &SourceFacts, attributes: &[Attribute], how: &Subcommands, words: &Names) -> bool {
    own_args(attributes, how).any(|arg| matches!(facts.expr(arg), Expr::Name(name) if words.iter().any(|word| word == name)))
}

/// The innermost of some arms that a region is or lies in.
pub(super) fn arm_around(facts: &SourceFacts, arms: &[ArmDecl], region: RegionId) -> Option<RegionId> {
    if arms.is_empty() {
        return None;
    }
    regions_around(facts, region).find(|at| arms.iter().any(|arm| arm.region == *at))
}

#[cfg(test)]
mod tests {
    use super::kebab;

    #[test]
    fn variants_are_written_as_words_of_a_command_line() {
        let written = ["V11y", "Api", "SearchIndex", "HTTPServer", "S3Files", "Api2Go"].map(|name| kebab(name).to_string());
        assert_eq!(written, ["v11y", "api", "search-index", "http-server", "s3-files", "api2-go"]);
    }
}
