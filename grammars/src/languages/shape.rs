//! What an edit must know of the shape of code around a place: what a text is part of, and of which statements a block consists.
//!
//! What deliberately does not live here: what any of it means. Invariant: what is not one of the shapes named here is told as something that an
//! edit has to leave alone.

use tree_sitter::Node;

use super::Tree;
use super::nodes::{around, is_block, is_literal, range};
use crate::facts::TextRange;

/// A text and what it is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextAt {
    /// All of the literal, its quotes included.
    pub literal: TextRange,
    /// What it is part of.
    pub role: TextRole,
}

/// What a text is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextRole {
    /// It is a value. `bare` says that an expression with operators may stand there without brackets.
    Value {
        /// Whether brackets are not needed.
        bare: bool,
    },
    /// A template string, in which it stands between holes.
    Template,
    /// The first argument of Rust's `format!`.
    Format,
    /// What Rust makes a `String` of, all of it: `"a".to_owned()`, `String::from("a")`.
    Owned(TextRange),
    /// An argument of a Rust call.
    Argument {
        /// The call.
        call: TextRange,
        /// Which of its arguments.
        index: usize,
    },
    /// What a Rust variable without a declared type is made of.
    Let(TextRange),
    /// Only a text may stand there; why, as the end of a sentence: `it is a constant`.
    Fixed(&'static str),
}

/// A statement of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// All of it, with what ends it.
    pub range: TextRange,
    /// What it binds to what.
    pub binds: Option<Binds>,
}

/// `let pattern: ty = value;`, `const pattern = value;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binds {
    /// `let`, `const`, `var`.
    pub keyword: TextRange,
    /// A name or a pattern.
    pub pattern: TextRange,
    /// The type, without its colon.
    pub ty: Option<TextRange>,
    /// The value.
    pub value: TextRange,
    /// What is waited for, where the value is that and no more: `f()` of `await f()`, of `f().await?`.
    pub awaited: Option<TextRange>,
}

/// `for (const pattern of over) body`, `for pattern in over body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EachLoop {
    /// All of it.
    pub range: TextRange,
    /// What an element is bound to.
    pub pattern: TextRange,
    /// Whether that is a constant: always, in Rust.
    pub constant: bool,
    /// What is looped over.
    pub over: TextRange,
    /// Its body, with braces where there are any.
    pub body: TextRange,
}

impl Tree {
    /// The innermost loop over elements whose body has a byte in it.
    pub fn each_loop(&self, offset: u32) -> Option<EachLoop> {
        let node = self.around(offset as usize).find(|node| {
            let is_loop = matches!(node.kind(), "for_in_statement" | "for_expression");
            is_loop && field(*node, "body").is_some_and(|body| range(body).touches(offset))
        })?;
        let word = |name: &str, word: &str| field(node, name).is_some_and(|node| node.kind() == word);
        let waits = node.children(&mut node.walk()).any(|child| child.kind() == "await");
        if node.kind() == "for_in_statement" && (!word("operator", "of") || waits) {
            return None;
        }
        let (pattern, over) = match node.kind() {
            "for_in_statement" => (field(node, "left")?, field(node, "right")?),
            _ => (field(node, "pattern")?, field(node, "value")?),
        };
        Some(EachLoop {
            range: range(node),
            pattern: range(pattern),
            constant: node.kind() == "for_expression" || word("kind", "const"),
            over: range(over),
            body: range(field(node, "body")?),
        })
    }

    /// What the text is part of that begins at a byte, be it a literal or a part of one between holes.
    pub fn text_at(&self, offset: u32) -> Option<TextAt> {
        let literal = self.around(offset as usize).find(|node| is_literal(*node))?;
        let role = if self.is_rust() { rust_role(literal) } else { ecmascript_role(literal) };
        Some(TextAt { literal: range(literal), role })
    }

    /// The statements of the innermost block around a byte, in order; comments are none.
    pub fn block(&self, offset: u32) -> Vec<Statement> {
        let block = self.around(offset as usize).find(|node| is_block(*node));
        let Some(block) = block else { return Vec::new() };
        let mut cursor = block.walk();
        let inner = block.named_children(&mut cursor).filter(|node| !node.is_extra() && node.kind() != "attribute_item");
        inner.map(|node| Statement { range: range(node), binds: binds(node) }).collect()
    }

    /// Rust's `use` declarations at the top of the file, in order, and where its first item begins.
    pub fn uses(&self) -> (Vec<TextRange>, Option<u32>) {
        let root = self.0.root_node();
        let mut cursor = root.walk();
        let items: Vec<Node<'_>> = root.named_children(&mut cursor).collect();
        let is_item = |node: &&Node<'_>| !node.is_extra() && node.kind() != "inner_attribute_item" && node.kind() != "shebang";
        let first = items.iter().position(|node| is_item(&node)).map(|mut at| {
            // What is said of the first item stands before it.
            while at > 0 && items[at - 1].is_extra() && !is_inner(items[at - 1]) && touches(items[at - 1], items[at]) {
                at -= 1;
            }
            items[at].start_byte() as u32
        });
        (items.iter().filter(|node| node.kind() == "use_declaration").map(|node| range(*node)).collect(), first)
    }

    /// The innermost use of a Rust macro among whose tokens a byte stands.
    pub fn macro_around(&self, offset: u32) -> Option<TextRange> {
        let tokens = self
            .around(offset as usize)
            .find(|node| node.kind() == "token_tree" && node.parent().is_some_and(|it| it.kind() == "macro_invocation"));
        tokens?.parent().map(range)
    }

    fn is_rust(&self) -> bool {
        self.0.root_node().kind() == "source_file"
    }
}

/// Whether a comment belongs to what is around it: `//! …`.
fn is_inner(comment: Node<'_>) -> bool {
    let mut cursor = comment.walk();
    comment.children(&mut cursor).any(|child| child.kind() == "inner_doc_comment_marker")
}

/// Whether a node stands right above another one.
fn touches(above: Node<'_>, below: Node<'_>) -> bool {
    below.start_position().row <= above.end_position().row + 1
}

fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// Whether a node is that of a field of its parent.
fn is_field(node: Node<'_>, name: &str) -> bool {
    node.parent().and_then(|parent| field(parent, name)).is_some_and(|other| other.id() == node.id())
}

fn ecmascript_role(literal: Node<'_>) -> TextRole {
    let Some(parent) = literal.parent() else { return TextRole::Fixed("it is no expression") };
    let typed = field(parent, "type").is_some_and(|ty| ty.named_child(0).is_none_or(|ty| ty.kind() != "predefined_type"));
    let fixed = match parent.kind() {
        "import_statement" | "export_statement" | "literal_type" | "enum_assignment" | "enum_body" | "import_attribute" => {
            Some("only a text may stand there")
        }
        "pair" | "property_signature" | "method_definition" if is_field(literal, "key") || is_field(literal, "name") => Some("it is a key"),
        "switch_case" => Some("it is a case"),
        "jsx_attribute" => Some("it is an attribute"),
        "ternary_expression" => Some("which address it is depends on a condition"),
        "as_expression" | "satisfies_expression" => Some("its type is declared"),
        "variable_declarator" | "public_field_definition" if typed => Some("its type is declared"),
        "call_expression" => Some("a function takes the template apart"),
        "subscript_expression" => Some("it is a key"),
        "ERROR" => Some("the code around it does not parse"),
        _ => None,
    };
    let constant = around(Some(parent)).any(|node| node.kind() == "as_expression" && node.named_child_count() == 1);
    match fixed {
        Some(why) => TextRole::Fixed(why),
        None if constant => TextRole::Fixed("its type is that of the text"),
        None if literal.kind() == "template_string"
            && literal.named_children(&mut literal.walk()).any(|it| it.kind() == "template_substitution") =>
        {
            TextRole::Template
        }
        None => TextRole::Value { bare: is_bare(literal, parent) },
    }
}

/// Whether an expression with operators may stand in place of a value without brackets.
fn is_bare(value: Node<'_>, parent: Node<'_>) -> bool {
    match parent.kind() {
        "arguments" | "array" | "expression_statement" | "parenthesized_expression" | "return_statement" | "template_substitution" => true,
        "variable_declarator" | "pair" | "public_field_definition" => is_field(value, "value"),
        "assignment_expression" => is_field(value, "right"),
        "arrow_function" => is_field(value, "body"),
        _ => false,
    }
}

fn rust_role(literal: Node<'_>) -> TextRole {
    let Some(parent) = literal.parent() else { return TextRole::Fixed("it is no expression") };
    // What stands around, up to the function whose call evaluates it.
    for (inner, node) in around(Some(literal)).zip(around(Some(parent))) {
        match node.kind() {
            "const_item" | "const_block" => return TextRole::Fixed("a constant cannot be read from the environment"),
            "static_item" => return TextRole::Fixed("a static cannot be read from the environment"),
            "attribute_item" | "attribute" | "inner_attribute_item" => return TextRole::Fixed("it is an attribute"),
            "match_pattern" | "captured_pattern" | "or_pattern" | "tuple_struct_pattern" => return TextRole::Fixed("it is a pattern"),
            "match_arm" if is_field(inner, "pattern") => return TextRole::Fixed("it is a pattern"),
            "ERROR" => return TextRole::Fixed("the code around it does not parse"),
            "closure_expression" | "async_block" => break,
            "function_item" => {
                let modifiers = node.named_children(&mut node.walk()).find(|child| child.kind() == "function_modifiers");
                let constant = modifiers.is_some_and(|it| it.children(&mut it.walk()).any(|word| word.kind() == "const"));
                if constant {
                    return TextRole::Fixed("its function is a constant one");
                }
                break;
            }
            _ => {}
        }
    }
    match parent.kind() {
        "token_tree" if is_format(literal, parent) => TextRole::Format,
        "token_tree" => TextRole::Fixed("it stands in a macro"),
        "arguments" => {
            let Some(call) = parent.parent() else { return TextRole::Fixed("it is no expression") };
            let mut cursor = parent.walk();
            let index = parent.named_children(&mut cursor).filter(|it| !it.is_extra()).position(|it| it.id() == literal.id());
            let from = field(call, "function").filter(|it| it.kind() == "scoped_identifier");
            let string = from.and_then(|it| Some((field(it, "path")?, field(it, "name")?)));
            let owned =
                string.is_some_and(|(path, name)| path.byte_range().len() == "String".len() && name.byte_range().len() == "from".len());
            match index {
                // Names are compared by the one who has the text.
                Some(0) if owned => TextRole::Owned(range(call)),
                Some(index) => TextRole::Argument { call: range(call), index },
                None => TextRole::Fixed("it is no expression"),
            }
        }
        "field_expression" => {
            let call = parent.parent().filter(|call| call.kind() == "call_expression" && is_field(parent, "function"));
            match call.filter(|call| field(*call, "arguments").is_some_and(|arguments| arguments.named_child_count() == 0)) {
                Some(call) => TextRole::Owned(range(call)),
                None => TextRole::Fixed("a String would not fit there"),
            }
        }
        "let_declaration" => match field(parent, "pattern").filter(|it| it.kind() == "identifier" && field(parent, "type").is_none()) {
            Some(name) => TextRole::Let(range(name)),
            None => TextRole::Fixed("a String would not fit there"),
        },
        _ => TextRole::Fixed("a String would not fit there"),
    }
}

/// Whether a literal is what a `format!` begins with.
fn is_format(literal: Node<'_>, tokens: Node<'_>) -> bool {
    let first = tokens.child(1).is_some_and(|first| first.id() == literal.id());
    let named =
        |it: Node<'_>| it.kind() == "macro_invocation" && field(it, "macro").is_some_and(|name| name.byte_range().len() == "format".len());
    first && tokens.parent().is_some_and(named)
}

fn binds(statement: Node<'_>) -> Option<Binds> {
    let (declaration, value) = match statement.kind() {
        "let_declaration" => (statement, field(statement, "value")?),
        "lexical_declaration" | "variable_declaration" if statement.named_child_count() == 1 => {
            let declarator = statement.named_child(0)?;
            (declarator, field(declarator, "value")?)
        }
        _ => return None,
    };
    // `let … else` may leave the block.
    if field(statement, "alternative").is_some() {
        return None;
    }
    let pattern = field(declaration, "pattern").or_else(|| field(declaration, "name"))?;
    let ty = field(declaration, "type").map(|ty| if ty.kind() == "type_annotation" { ty.named_child(0).unwrap_or(ty) } else { ty });
    let keyword = statement.child(0)?;
    Some(Binds {
        keyword: range(keyword),
        pattern: range(pattern),
        ty: ty.map(range),
        value: range(value),
        awaited: awaited(value).map(range),
    })
}

fn awaited(value: Node<'_>) -> Option<Node<'_>> {
    match value.kind() {
        "await_expression" => value.named_child(0),
        "try_expression" => value.named_child(0).filter(|inner| inner.kind() == "await_expression")?.named_child(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{TextRole, Tree};
    use crate::facts::TextRange;

    /// The role of the text that begins with `http`, and the text of the range in it.
    fn role(path: &str, text: &str) -> String {
        let at = Tree::of(path, text).text_at(text.find("http").unwrap() as u32).unwrap();
        let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
        match at.role {
            TextRole::Value { bare } => format!("value {bare}"),
            TextRole::Template => "template".to_owned(),
            TextRole::Format => "format".to_owned(),
            TextRole::Owned(range) => format!("owned {}", slice(range)),
            TextRole::Argument { call, index } => format!("argument {index} of {}", slice(call)),
            TextRole::Let(name) => format!("let {}", slice(name)),
            TextRole::Fixed(why) => why.to_owned(),
        }
    }

    #[test]
    fn loops_over_elements() {
        let parts = |path: &str, text: &str| {
            let found = Tree::of(path, text).each_loop(text.find("f(").unwrap() as u32)?;
            let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
            Some(format!("{} in {}: {} {}", slice(found.pattern), slice(found.over), slice(found.body), found.constant))
        };
        for (path, text, expected) in [
            ("a.ts", "for (const [a, b] of c.d) { if (a) { f(a); } }", Some("[a, b] in c.d: { if (a) { f(a); } } true")),
            ("a.ts", "for (let a of b) f(a);", Some("a in b: f(a); false")),
            ("a.ts", "for (const a in b) f(a);", None),
            ("a.ts", "for await (const a of b) f(a);", None),
            ("a.ts", "for (const a of f(b)) c(a);", None),
            ("a.rs", "fn a() { for (b, c) in &d { f(b); } }", Some("(b, c) in &d: { f(b); } true")),
        ] {
            assert_eq!(parts(path, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn texts_of_ecmascript() {
        for (text, expected) in [
            ("const a = 'http://b';", "value true"),
            ("const a: string = 'http://b';", "value true"),
            ("const a: B = 'http://b';", "its type is declared"),
            ("f({ a: 'http://b' }, 1)", "value true"),
            ("f('http://b' + c)", "value false"),
            ("f('http://b'.length)", "value false"),
            ("const f = () => 'http://b';", "value true"),
            ("f(`http://b/${c}`)", "template"),
            ("f(`http://b`)", "value true"),
            ("f(x ? 'http://b' : c)", "which address it is depends on a condition"),
            ("const a = { b: 'http://b' } as const;", "its type is that of the text"),
            ("const a = { b: 'http://b' } as C;", "value true"),
            ("const a = { 'http://b': 1 };", "it is a key"),
            ("let a: 'http://b';", "only a text may stand there"),
            ("enum A { B = 'http://b' }", "only a text may stand there"),
            ("import 'http://b';", "only a text may stand there"),
            ("switch (a) { case 'http://b': }", "it is a case"),
            ("url`http://b/${c}`", "a function takes the template apart"),
            ("class A { b = 'http://b'; c: D = 1 }", "value true"),
            ("class A { @B({ c: 'http://b' }) d() {} }", "value true"),
        ] {
            assert_eq!(role("a.ts", text), expected, "{text}");
        }
        assert_eq!(role("a.tsx", "<A b=\"http://b\" />"), "it is an attribute");
    }

    #[test]
    fn texts_of_rust() {
        for (text, expected) in [
            ("fn f() { g(1, \"http://b\") }", "argument 1 of g(1, \"http://b\")"),
            ("fn f() { format!(\"http://b/{c}\") }", "format"),
            ("fn f() { info!(\"http://b/{c}\") }", "it stands in a macro"),
            ("fn f() { \"http://b\".to_owned() }", "owned \"http://b\".to_owned()"),
            ("fn f() { String::from(\"http://b\") }", "owned String::from(\"http://b\")"),
            ("fn f() { let a = \"http://b\"; }", "let a"),
            ("fn f() { let a: &str = \"http://b\"; }", "a String would not fit there"),
            ("const A: &str = \"http://b\";", "a constant cannot be read from the environment"),
            ("static A: &str = \"http://b\";", "a static cannot be read from the environment"),
            ("static A: L<String> = L::new(|| \"http://b\".to_owned());", "owned \"http://b\".to_owned()"),
            ("const fn f() -> &'static str { g(\"http://b\") }", "its function is a constant one"),
            ("#[get(\"http://b\")] fn f() {}", "it is an attribute"),
            ("fn f() { match a { \"http://b\" => {} _ => {} } }", "it is a pattern"),
            ("fn f() -> &'static str { \"http://b\" }", "a String would not fit there"),
        ] {
            assert_eq!(role("a.rs", text), expected, "{text}");
        }
    }

    /// The statements around `here`: what each binds, and what it waits for.
    fn statements(path: &str, text: &str) -> Vec<String> {
        let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
        let told = Tree::of(path, text).block(text.find("here").unwrap() as u32).into_iter().map(|statement| match statement.binds {
            Some(binds) => {
                let words = [Some(binds.keyword), Some(binds.pattern), binds.ty, Some(binds.value), binds.awaited];
                words.into_iter().flatten().map(slice).collect::<Vec<_>>().join("|")
            }
            None => slice(statement.range).to_owned(),
        });
        told.collect()
    }

    #[test]
    fn statements_of_a_block() {
        let text = "async function f() { const { a } = await here(); /* b */ let c: D = await g(1); h(); var i = await j(), k = 1; }";
        assert_eq!(
            statements("a.ts", text),
            ["const|{ a }|await here()|here()", "let|c|D|await g(1)|g(1)", "h();", "var i = await j(), k = 1;"]
        );
        let text =
            "async fn f() { let (a, b): C = here().await?; // d\n let e = g(1).await; let Some(i) = h().await else { return }; h().await }";
        assert_eq!(
            statements("a.rs", text),
            ["let|(a, b)|C|here().await?|here()", "let|e|g(1).await|g(1)", "let Some(i) = h().await else { return };", "h().await"]
        );
    }

    #[test]
    fn uses_of_a_file() {
        let text = "//! A.\n#![b]\n\n// c\nuse d::e;\n\n/// f\nmod g { use h; }\nuse i;\n";
        let (uses, first) = Tree::of("a.rs", text).uses();
        let slice = |range: &TextRange| &text[range.start as usize..range.end as usize];
        assert_eq!(uses.iter().map(slice).collect::<Vec<_>>(), ["use d::e;", "use i;"]);
        assert_eq!(first, Some(text.find("// c").unwrap() as u32));
    }
}
