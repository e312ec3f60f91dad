//! Entries of what a framework does with what it is given: containers that hand out what was put into them or what a class says, be it to a call or
//! to a decorator, and calls of functions.
//!
//! Invariant: an entry says where a class, a name or a value stands, never what it is.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call that hands out the instance of a class that it is given: `inject(Orders)`, `container.resolve(Orders)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceCall {
    /// What is called.
    pub callee: Names,
    /// The class.
    pub class: Selector,
}

/// A call that registers something with a container under a key: `container.singleton("orders", () => new Orders())`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// What is called: a method of the container.
    pub callee: Names,
    /// The method of what it gives back that is given what is registered: `container.bind(KEY).toConstantValue(value)`.
    #[serde(default)]
    pub then: Option<Symbol>,
    /// The key.
    pub key: Selector,
    /// What is registered, among the arguments of `then` where there is one.
    #[serde(default)]
    pub value: Option<Selector>,
    /// The class whose instance is registered, likewise.
    #[serde(default)]
    pub class: Option<Selector>,
}

/// A call that hands out what is registered with a container under a key: `container.get(KEY)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyedLookup {
    /// What is called.
    pub callee: Names,
    /// The key.
    pub key: Selector,
}

/// A call that puts something on a framework's object, from where others take it by its name: `app.decorate("orders", new Orders())`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decoration {
    /// What is called: a method of that object.
    pub callee: Names,
    /// The name.
    pub name: Selector,
    /// What is put there.
    pub value: Selector,
}

/// Functions that are assigned to a member of one value are methods of those that are made with it: `schema.statics.build = …`, `Order.build(…)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The member that they are assigned to: `Schema.statics`.
    pub target: Symbol,
    /// The type whose values have them.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// What such a value remembers as what it was made with.
    pub capture: Symbol,
}

/// A call of a function among its arguments with the arguments before it: `useSWR("/orders", ask)` is `ask("/orders")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedFunction {
    /// What is called.
    pub callee: Names,
    /// What it is called in code by custom: a default import has any name.
    pub known_as: Symbol,
    /// The argument that is the function, counted from 0.
    pub function: u32,
}

/// A decorator of a parameter or field that says which value is injected there: `@InjectQueue("orders") queue: Queue`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Injected {
    /// The decorator's path in the package.
    pub attribute: Names,
    /// The value's type, a type of this file; missing with a `token`. A declared type that the catalog knows wins, and keeps what is captured.
    #[serde(rename = "type", default)]
    pub type_name: Symbol,
    /// The token whose [`Provider`] tells the value.
    #[serde(default)]
    pub token: Option<Selector>,
    /// Captured values by name; places are those of the decorator.
    #[serde(default)]
    pub captures: FxHashMap<Symbol, Selector>,
}

/// An object that says which value is injected for a token: `{ provide: TOKEN, useFactory: () => … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The key of the token.
    pub token: Symbol,
    /// Keys of which an object must have one to be a provider.
    pub requires: Names,
    /// The key of the value.
    #[serde(default)]
    pub value: Option<Symbol>,
    /// The key of the class that it is an object of.
    #[serde(default)]
    pub class: Option<Symbol>,
    /// The key of the function that makes it.
    #[serde(default)]
    pub factory: Option<Symbol>,
    /// The type, of this file, of the value that the object, or what its factory hands out, describes by options.
    #[serde(rename = "type", default)]
    pub type_name: Option<Symbol>,
    /// What the value then captures: dotted paths of keys into those options.
    #[serde(default)]
    pub captures: FxHashMap<Symbol, Symbol>,
}

/// A decorator of classes that modules list as what may be injected: `@Injectable()`. Standing in a list alone, such a class runs for nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedClass {
    /// The decorator's path in the package.
    pub attribute: Names,
    /// Keys of a module whose lists name such classes: `providers`.
    pub lists: Names,
    /// The key by which an object is such a module where no decorator takes it: `{ module: Orders, providers: [] }`.
    pub module: Symbol,
    /// Methods that the library calls by their names on whatever is listed.
    pub called: Names,
}
