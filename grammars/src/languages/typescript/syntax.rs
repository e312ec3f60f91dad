//! The two grammars, and the node kinds and fields of theirs that lowering looks at.
//!
//! Node and field ids differ between the TypeScript and the TSX grammar; here they are resolved once, by name, to enums that both share.
//! No meaning of any node lives here. Invariant: a kind that is not listed is [`Kind::Other`], never an error.

use std::sync::LazyLock;

use tree_sitter::Language;

macro_rules! vocabulary {
    (named { $($named:ident $named_text:literal)* } tokens { $($token:ident $token_text:literal)* } fields { $($field:ident $field_text:literal)* }) => {
        /// What a node is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind { Other, Error, Comment, $($named,)* $($token,)* }

        /// The role of a node in its parent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Field { None, $($field,)* }

        fn named_kind(text: &str) -> Kind {
            match text {
                "comment" | "html_comment" | "hash_bang_line" => Kind::Comment,
                $($named_text => Kind::$named,)*
                _ => Kind::Other,
            }
        }

        fn token_kind(text: &str) -> Option<Kind> {
            Some(match text { $($token_text => Kind::$token,)* _ => return None })
        }

        fn field_kind(text: &str) -> Field {
            match text { $($field_text => Field::$field,)* _ => Field::None }
        }
    };
}

vocabulary! {
    named {
        AbstractClassDeclaration "abstract_class_declaration"
        AbstractMethodSignature "abstract_method_signature"
        AccessibilityModifier "accessibility_modifier"
        AmbientDeclaration "ambient_declaration"
        Arguments "arguments"
        Array "array"
        ArrayPattern "array_pattern"
        ArrayType "array_type"
        ArrowFunction "arrow_function"
        AsExpression "as_expression"
        AssertsAnnotation "asserts_annotation"
        Asserts "asserts"
        AssignmentExpression "assignment_expression"
        AssignmentPattern "assignment_pattern"
        AugmentedAssignment "augmented_assignment_expression"
        AwaitExpression "await_expression"
        BinaryExpression "binary_expression"
        CallExpression "call_expression"
        CatchClause "catch_clause"
        Class "class"
        ClassBody "class_body"
        ClassDeclaration "class_declaration"
        ClassHeritage "class_heritage"
        ClassStaticBlock "class_static_block"
        ComputedPropertyName "computed_property_name"
        ConstructorType "constructor_type"
        Decorator "decorator"
        DoStatement "do_statement"
        ElseClause "else_clause"
        EnumAssignment "enum_assignment"
        EnumDeclaration "enum_declaration"
        ExportClause "export_clause"
        ExportSpecifier "export_specifier"
        ExportStatement "export_statement"
        ExpressionStatement "expression_statement"
        ExtendsClause "extends_clause"
        ExtendsTypeClause "extends_type_clause"
        False "false"
        FinallyClause "finally_clause"
        FlowMaybeType "flow_maybe_type"
        ForInStatement "for_in_statement"
        ForStatement "for_statement"
        FunctionDeclaration "function_declaration"
        FunctionExpression "function_expression"
        FunctionSignature "function_signature"
        FunctionType "function_type"
        GeneratorFunction "generator_function"
        GeneratorFunctionDeclaration "generator_function_declaration"
        GenericType "generic_type"
        Identifier "identifier"
        IfStatement "if_statement"
        ImplementsClause "implements_clause"
        Import "import"
        ImportAlias "import_alias"
        ImportClause "import_clause"
        ImportRequireClause "import_require_clause"
        ImportSpecifier "import_specifier"
        ImportStatement "import_statement"
        IndexTypeQuery "index_type_query"
        InferType "infer_type"
        InstantiationExpression "instantiation_expression"
        InterfaceDeclaration "interface_declaration"
        InternalModule "internal_module"
        IntersectionType "intersection_type"
        JsxAttribute "jsx_attribute"
        JsxClosingElement "jsx_closing_element"
        JsxElement "jsx_element"
        JsxExpression "jsx_expression"
        JsxOpeningElement "jsx_opening_element"
        JsxSelfClosingElement "jsx_self_closing_element"
        LabeledStatement "labeled_statement"
        LexicalDeclaration "lexical_declaration"
        LiteralType "literal_type"
        MemberExpression "member_expression"
        MetaProperty "meta_property"
        MethodDefinition "method_definition"
        MethodSignature "method_signature"
        Module "module"
        NamedImports "named_imports"
        NamespaceExport "namespace_export"
        NamespaceImport "namespace_import"
        NestedIdentifier "nested_identifier"
        NestedTypeIdentifier "nested_type_identifier"
        NewExpression "new_expression"
        NonNullExpression "non_null_expression"
        Null "null"
        Number "number"
        Object "object"
        ObjectAssignmentPattern "object_assignment_pattern"
        ObjectPattern "object_pattern"
        ObjectType "object_type"
        OptionalParameter "optional_parameter"
        OptionalType "optional_type"
        OverrideModifier "override_modifier"
        Pair "pair"
        PairPattern "pair_pattern"
        ParenthesizedExpression "parenthesized_expression"
        ParenthesizedType "parenthesized_type"
        PredefinedType "predefined_type"
        PrivatePropertyIdentifier "private_property_identifier"
        PropertyIdentifier "property_identifier"
        PropertySignature "property_signature"
        PublicFieldDefinition "public_field_definition"
        ReadonlyType "readonly_type"
        Regex "regex"
        RequiredParameter "required_parameter"
        RestPattern "rest_pattern"
        RestType "rest_type"
        ReturnStatement "return_statement"
        SatisfiesExpression "satisfies_expression"
        SequenceExpression "sequence_expression"
        ShorthandPropertyIdentifier "shorthand_property_identifier"
        ShorthandPropertyIdentifierPattern "shorthand_property_identifier_pattern"
        SpreadElement "spread_element"
        StatementBlock "statement_block"
        String "string"
        SubscriptExpression "subscript_expression"
        Super "super"
        SwitchCase "switch_case"
        SwitchDefault "switch_default"
        SwitchStatement "switch_statement"
        TemplateLiteralType "template_literal_type"
        TemplateString "template_string"
        TemplateSubstitution "template_substitution"
        TernaryExpression "ternary_expression"
        This "this"
        ThisType "this_type"
        True "true"
        ThrowStatement "throw_statement"
        TryStatement "try_statement"
        TupleType "tuple_type"
        TypeAliasDeclaration "type_alias_declaration"
        TypeAnnotation "type_annotation"
        TypeArguments "type_arguments"
        TypeAssertion "type_assertion"
        TypeIdentifier "type_identifier"
        TypeParameter "type_parameter"
        TypeParameters "type_parameters"
        TypePredicate "type_predicate"
        TypePredicateAnnotation "type_predicate_annotation"
        TypeQuery "type_query"
        UnaryExpression "unary_expression"
        Undefined "undefined"
        UnionType "union_type"
        UpdateExpression "update_expression"
        VariableDeclaration "variable_declaration"
        VariableDeclarator "variable_declarator"
        WhileStatement "while_statement"
        YieldExpression "yield_expression"
    }
    tokens {
        And "&&"
        AndAssign "&&="
        AsyncToken "async"
        AwaitToken "await"
        Coalesce "??"
        CoalesceAssign "??="
        Comma ","
        ConstToken "const"
        DefaultToken "default"
        Equals "="
        GetToken "get"
        GlobalToken "global"
        LooselyNotSame "!="
        LooselySame "=="
        Minus "-"
        Not "!"
        NotSame "!=="
        OfToken "of"
        Or "||"
        OrAssign "||="
        Plus "+"
        PlusAssign "+="
        ReadonlyToken "readonly"
        Same "==="
        SetToken "set"
        Star "*"
        StaticToken "static"
        TypeToken "type"
        VoidToken "void"
    }
    fields {
        Alias "alias"
        Alternative "alternative"
        Arguments "arguments"
        Body "body"
        Condition "condition"
        Consequence "consequence"
        Constructor "constructor"
        Declaration "declaration"
        Decorator "decorator"
        Finalizer "finalizer"
        Function "function"
        Handler "handler"
        Increment "increment"
        Index "index"
        Initializer "initializer"
        Key "key"
        KindWord "kind"
        Left "left"
        Name "name"
        Object "object"
        Operator "operator"
        Parameter "parameter"
        Parameters "parameters"
        Pattern "pattern"
        Property "property"
        ReturnType "return_type"
        Right "right"
        Source "source"
        Type "type"
        TypeArguments "type_arguments"
        TypeParameters "type_parameters"
        Value "value"
    }
}

/// Whether children of such a node may have a role. Of those that have none, no child needs to be asked: asking costs as much as walking on.
pub(super) fn have_fields(parent: Kind) -> bool {
    use Kind::*;
    !matches!(
        parent,
        Arguments
            | Array
            | AwaitExpression
            | ExportClause
            | ExpressionStatement
            | ImportClause
            | JsxAttribute
            | JsxExpression
            | NamedImports
            | Object
            | ObjectPattern
            | ReturnStatement
            | StatementBlock
            | TemplateString
            | TypeAnnotation
    )
}

/// The roles of all children that lowering looks at, in their order, of nodes that are small and frequent: to ask for each is quicker there than
/// to walk over all children.
pub(super) fn roles(parent: Kind) -> Option<&'static [Field]> {
    Some(match parent {
        Kind::AssignmentExpression => &[Field::Left, Field::Right],
        Kind::CallExpression => &[Field::Function, Field::TypeArguments, Field::Arguments],
        Kind::IfStatement => &[Field::Condition, Field::Consequence, Field::Alternative],
        Kind::MemberExpression => &[Field::Object, Field::Property],
        Kind::NewExpression => &[Field::Constructor, Field::TypeArguments, Field::Arguments],
        Kind::Pair => &[Field::Key, Field::Value],
        Kind::VariableDeclarator => &[Field::Name, Field::Type, Field::Value],
        _ => return None,
    })
}

/// One grammar with its ids resolved.
pub(super) struct Grammar {
    /// The language, for a parser.
    pub(super) language: Language,
    kinds: Vec<Option<Kind>>,
    fields: Vec<Field>,
    /// By [`Field`].
    ids: Vec<u16>,
}

/// `.ts`, `.mts`, `.cts`: angle brackets are type assertions.
pub(super) static TYPESCRIPT: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()));

/// `.tsx` and all of JavaScript: angle brackets are elements.
pub(super) static TSX: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(tree_sitter_typescript::LANGUAGE_TSX.into()));

impl Grammar {
    fn new(language: Language) -> Self {
        let kinds = (0..language.node_kind_count() as u16)
            .map(|id| {
                let text = language.node_kind_for_id(id).unwrap_or_default();
                if language.node_kind_is_named(id) { Some(named_kind(text)) } else { token_kind(text) }
            })
            .collect();
        let fields: Vec<Field> =
            (0..=language.field_count() as u16).map(|id| field_kind(language.field_name_for_id(id).unwrap_or_default())).collect();
        let mut ids = Vec::new();
        for (id, field) in fields.iter().enumerate() {
            let at = *field as usize;
            ids.resize(ids.len().max(at + 1), 0);
            ids[at] = id as u16;
        }
        Self { language, kinds, fields, ids }
    }

    /// The kind of a node; nothing for punctuation that no lowering asks for.
    pub(super) fn kind(&self, id: u16) -> Option<Kind> {
        match self.kinds.get(id as usize) {
            Some(kind) => *kind,
            // The error symbol has the highest id of all.
            None => Some(Kind::Error),
        }
    }

    /// The id of a field.
    pub(super) fn id(&self, field: Field) -> u16 {
        self.ids.get(field as usize).copied().unwrap_or_default()
    }

    /// The field of that id.
    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(id.get() as usize)).copied().unwrap_or(Field::None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn kinds_without_fields_have_none_in_the_grammars() {
        for types in [tree_sitter_typescript::TYPESCRIPT_NODE_TYPES, tree_sitter_typescript::TSX_NODE_TYPES] {
            let types: Vec<serde_json::Value> = serde_json::from_str(types).unwrap();
            let with_fields = types.iter().filter(|node| node["fields"].as_object().is_some_and(|fields| !fields.is_empty()));
            for name in with_fields.filter(|node| node["named"] == true).map(|node| node["type"].as_str().unwrap()) {
                assert!(have_fields(named_kind(name)), "{name}");
            }
        }
    }
}
