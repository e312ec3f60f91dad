//! The node kinds and fields of the Rust grammar that the lowering knows, resolved once from names to ids.
//!
//! What deliberately does not live here: what any kind means. Invariant: a kind or field that the grammar no longer has is simply never met.

use std::sync::LazyLock;

use tree_sitter::Language;

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident, $table:ident: $($name:ident = $text:literal),* $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $kind { Other, $($name),* }
        const $table: &[(&str, $kind)] = &[$(($text, $kind::$name)),*];
    };
}

names! {
    /// A node kind.
    Kind, KINDS:
    Error = "ERROR",
    LineComment = "line_comment",
    BlockComment = "block_comment",
    // Items.
    AttributeItem = "attribute_item",
    InnerAttributeItem = "inner_attribute_item",
    ModItem = "mod_item",
    ForeignModItem = "foreign_mod_item",
    StructItem = "struct_item",
    UnionItem = "union_item",
    EnumItem = "enum_item",
    EnumVariant = "enum_variant",
    FieldDeclarationList = "field_declaration_list",
    FieldDeclaration = "field_declaration",
    OrderedFieldDeclarationList = "ordered_field_declaration_list",
    ExternCrateDeclaration = "extern_crate_declaration",
    ConstItem = "const_item",
    StaticItem = "static_item",
    TypeItem = "type_item",
    FunctionItem = "function_item",
    FunctionSignatureItem = "function_signature_item",
    FunctionModifiers = "function_modifiers",
    ImplItem = "impl_item",
    TraitItem = "trait_item",
    AssociatedType = "associated_type",
    MacroDefinition = "macro_definition",
    MacroRule = "macro_rule",
    UseDeclaration = "use_declaration",
    ScopedUseList = "scoped_use_list",
    UseList = "use_list",
    UseAsClause = "use_as_clause",
    UseWildcard = "use_wildcard",
    VisibilityModifier = "visibility_modifier",
    TypeParameter = "type_parameter",
    WhereClause = "where_clause",
    WherePredicate = "where_predicate",
    TraitBounds = "trait_bounds",
    Parameter = "parameter",
    SelfParameter = "self_parameter",
    MutableSpecifier = "mutable_specifier",
    LetDeclaration = "let_declaration",
    ExpressionStatement = "expression_statement",
    EmptyStatement = "empty_statement",
    // Types.
    TypeIdentifier = "type_identifier",
    PrimitiveType = "primitive_type",
    ScopedTypeIdentifier = "scoped_type_identifier",
    GenericType = "generic_type",
    GenericTypeWithTurbofish = "generic_type_with_turbofish",
    ReferenceType = "reference_type",
    PointerType = "pointer_type",
    TupleType = "tuple_type",
    UnitType = "unit_type",
    ArrayType = "array_type",
    FunctionType = "function_type",
    NeverType = "never_type",
    DynamicType = "dynamic_type",
    AbstractType = "abstract_type",
    BoundedType = "bounded_type",
    RemovedTraitBound = "removed_trait_bound",
    HigherRankedTraitBound = "higher_ranked_trait_bound",
    BracketedType = "bracketed_type",
    QualifiedType = "qualified_type",
    TypeBinding = "type_binding",
    Lifetime = "lifetime",
    // Expressions.
    Identifier = "identifier",
    SelfValue = "self",
    Super = "super",
    Crate = "crate",
    Metavariable = "metavariable",
    ScopedIdentifier = "scoped_identifier",
    StringLiteral = "string_literal",
    RawStringLiteral = "raw_string_literal",
    CharLiteral = "char_literal",
    BooleanLiteral = "boolean_literal",
    IntegerLiteral = "integer_literal",
    FloatLiteral = "float_literal",
    NegativeLiteral = "negative_literal",
    CallExpression = "call_expression",
    FieldExpression = "field_expression",
    GenericFunction = "generic_function",
    AwaitExpression = "await_expression",
    TryExpression = "try_expression",
    ParenthesizedExpression = "parenthesized_expression",
    ReferenceExpression = "reference_expression",
    UnaryExpression = "unary_expression",
    TypeCastExpression = "type_cast_expression",
    BinaryExpression = "binary_expression",
    IndexExpression = "index_expression",
    AssignmentExpression = "assignment_expression",
    CompoundAssignment = "compound_assignment_expr",
    ReturnExpression = "return_expression",
    YieldExpression = "yield_expression",
    BreakExpression = "break_expression",
    ContinueExpression = "continue_expression",
    ArrayExpression = "array_expression",
    TupleExpression = "tuple_expression",
    UnitExpression = "unit_expression",
    RangeExpression = "range_expression",
    StructExpression = "struct_expression",
    ShorthandFieldInitializer = "shorthand_field_initializer",
    FieldInitializer = "field_initializer",
    BaseFieldInitializer = "base_field_initializer",
    ClosureExpression = "closure_expression",
    MacroInvocation = "macro_invocation",
    TokenTree = "token_tree",
    Block = "block",
    UnsafeBlock = "unsafe_block",
    AsyncBlock = "async_block",
    GenBlock = "gen_block",
    TryBlock = "try_block",
    ConstBlock = "const_block",
    IfExpression = "if_expression",
    MatchExpression = "match_expression",
    MatchArm = "match_arm",
    WhileExpression = "while_expression",
    LoopExpression = "loop_expression",
    ForExpression = "for_expression",
    LetCondition = "let_condition",
    LetChain = "let_chain",
    Label = "label",
    // Patterns.
    TuplePattern = "tuple_pattern",
    TupleStructPattern = "tuple_struct_pattern",
    StructPattern = "struct_pattern",
    FieldPattern = "field_pattern",
    RemainingFieldPattern = "remaining_field_pattern",
    SlicePattern = "slice_pattern",
    CapturedPattern = "captured_pattern",
    RefPattern = "ref_pattern",
    ReferencePattern = "reference_pattern",
    MutPattern = "mut_pattern",
    OrPattern = "or_pattern",
    // Tokens.
    Semicolon = ";",
    Plus = "+",
    PlusAssign = "+=",
    Minus = "-",
    Not = "!",
    Async = "async",
    Underscore = "_",
    Range = "..",
}

names! {
    /// The field of its parent that a node fills.
    Field, FIELDS:
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Body = "body",
    Bounds = "bounds",
    Condition = "condition",
    Consequence = "consequence",
    Element = "element",
    Member = "field",
    Function = "function",
    Left = "left",
    Length = "length",
    List = "list",
    Macro = "macro",
    Name = "name",
    Operator = "operator",
    Parameters = "parameters",
    Path = "path",
    Pattern = "pattern",
    ReturnType = "return_type",
    Right = "right",
    Trait = "trait",
    Type = "type",
    TypeArguments = "type_arguments",
    TypeParameters = "type_parameters",
    Value = "value",
}

impl Kind {
    /// Whether an expression of this kind only wraps or continues another: the next link of a chain that is followed without recursion.
    pub(super) fn is_link(self) -> bool {
        matches!(
            self,
            Kind::CallExpression
                | Kind::FieldExpression
                | Kind::GenericFunction
                | Kind::AwaitExpression
                | Kind::TryExpression
                | Kind::ParenthesizedExpression
                | Kind::ReferenceExpression
                | Kind::UnaryExpression
                | Kind::TypeCastExpression
                | Kind::BinaryExpression
                | Kind::IndexExpression
        )
    }

    /// Whether a node of this kind may hold calls: what is worth a look inside code that does not parse.
    pub(super) fn is_compound_expression(self) -> bool {
        self.is_link()
            || matches!(
                self,
                Kind::AssignmentExpression
                    | Kind::CompoundAssignment
                    | Kind::ReturnExpression
                    | Kind::YieldExpression
                    | Kind::BreakExpression
                    | Kind::ArrayExpression
                    | Kind::TupleExpression
                    | Kind::RangeExpression
                    | Kind::StructExpression
                    | Kind::ClosureExpression
                    | Kind::MacroInvocation
                    | Kind::Block
                    | Kind::UnsafeBlock
                    | Kind::AsyncBlock
                    | Kind::GenBlock
                    | Kind::TryBlock
                    | Kind::ConstBlock
                    | Kind::IfExpression
                    | Kind::MatchExpression
                    | Kind::WhileExpression
                    | Kind::LoopExpression
                    | Kind::ForExpression
            )
    }
}

/// The grammar, with its tables from ids to kinds and fields.
pub(super) struct Grammar {
    pub(super) language: Language,
    kinds: Vec<(Kind, bool)>,
    fields: Vec<Field>,
}

/// The one grammar of the process.
pub(super) static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let language = Language::new(tree_sitter_rust::LANGUAGE);
    let kinds = (0..language.node_kind_count() as u16)
        .map(|id| {
            let name = language.node_kind_for_id(id).unwrap_or_default();
            let kind = KINDS.iter().find(|(text, _)| *text == name).map_or(Kind::Other, |(_, kind)| *kind);
            (kind, language.node_kind_is_named(id))
        })
        .collect();
    let fields = (0..=language.field_count() as u16)
        .map(|id| {
            let name = language.field_name_for_id(id).unwrap_or_default();
            FIELDS.iter().find(|(text, _)| *text == name).map_or(Field::Other, |(_, field)| *field)
        })
        .collect();
    Grammar { language, kinds, fields }
});

impl Grammar {
    /// The kind of a kind id, and whether nodes of it are named.
    pub(super) fn kind(&self, id: u16) -> (Kind, bool) {
        self.kinds.get(usize::from(id)).copied().unwrap_or((Kind::Error, true))
    }
    /// The field of a field id.
    pub(super) fn field(&self, id: u16) -> Field {
        self.fields.get(usize::from(id)).copied().unwrap_or(Field::Other)
    }
}
