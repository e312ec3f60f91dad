//! Calls that leave a process, as one file's code says them: what is asked of whom, how long it waits, and what tries it again.
//!
//! What deliberately does not live here: who answers, which only a service's environment tells ([`crate::resolve::assemble`]).

use core::time::Duration;

use portolan_grammars::catalog::Case;
use portolan_grammars::facts::{CallId, Symbol};

use crate::FunctionRef;
use crate::resolve::value::{CallRef, Pattern};

/// A call that leaves the process.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundCall {
    /// Where method and path are decided.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The library's call that sends.
    pub leaf: CallRef,
    /// What is sent where.
    pub request: Request,
    /// Whether nobody waits: it stands in a spawned task.
    pub detached: bool,
    /// What would have to say how long it waits at most, as nothing does.
    pub unlimited: Option<Unlimited>,
    /// How long it waits at most, where that is written.
    pub limit: Option<Duration>,
    /// What its client, or the call itself, says of trying it again.
    pub retry: Option<Retry>,
    /// The call that made its client, where there is one alone.
    pub client: Option<CallRef>,
    /// The id of the library that sends it; empty where no library's entry says so.
    pub library: Symbol,
    /// The keys of its JSON body, where all of them are known.
    pub payload: Option<Vec<Symbol>>,
    /// Where the library's call says what is sent, if it does: an argument, or a key of one. The first that is there says it.
    pub body: Vec<(usize, Option<Symbol>)>,
}

impl OutboundCall {
    /// A call that is made where it is decided, of which nothing is known but what it asks.
    pub(in crate::resolve) fn direct(site: CallRef, function: FunctionRef, request: Request, detached: bool) -> Self {
        let (unlimited, limit, retry, client, library, payload, body) = Default::default();
        Self { site, function, leaf: site, request, detached, unlimited, limit, retry, client, library, payload, body }
    }
}

/// A call that could say how long others wait, and does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlimited {
    /// The one that makes a client, else the library's call that sends.
    pub call: CallRef,
    /// The library's id; empty of an rpc, whose client a generator made.
    pub library: Symbol,
    /// The argument and the key in it that would say it, where it is said so.
    pub option: Option<(usize, Symbol)>,
}

/// That requests are tried again when they fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Methods whose requests are; `*` for all.
    pub methods: Vec<Symbol>,
    /// How often at most, the first time not counted, where that is written.
    pub times: Option<u32>,
}

/// A call that has others made again when they fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryDecl {
    /// The call.
    pub site: CallRef,
    /// What the library calls it.
    pub name: Symbol,
    /// What is tried again.
    pub of: Retries,
    /// How often at most, the first time not counted, where that is written.
    pub times: Option<u32>,
    /// Whether it waits before the next try; `None` where the code may say either.
    pub pauses: Option<bool>,
    /// Whether what does harm twice is tried again like all else. Where it is not, or may not be, there is a choice that cannot be followed.
    pub harmful: bool,
}

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retries {
    /// Functions, and calls of the file itself.
    Work(Vec<FunctionRef>, Vec<CallId>),
    /// Requests of the client that this call made.
    Client(CallRef),
    /// Requests of the library, by its id, that are made without a client.
    Library(Symbol),
}

/// What is sent where.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// An HTTP request.
    Http {
        /// `http.request.method`; `None` where it is decided at run time.
        method: Option<Symbol>,
        /// Every URL it may have.
        urls: Vec<Url>,
    },
    /// A remote procedure call.
    Rpc {
        /// `package.Service`.
        service: Symbol,
        /// Method name as called.
        method: Symbol,
        /// How the method is written.
        case: Option<Case>,
        /// Every address its client may have.
        addresses: Vec<Url>,
        /// Whether nothing but clients is known of the service: an address alone says who answers.
        elsewhere: bool,
    },
    /// A call of a third party's SDK.
    Sdk {
        /// The library's id: calls that do not say who answers have it of others of the same.
        library: Symbol,
        /// `peer.service`, where the call says it.
        peers: Vec<Symbol>,
        /// What is called: `charges.create`.
        operation: Symbol,
        /// Every address its client may have been set up with.
        addresses: Vec<Url>,
        /// Whether it only puts something into memory, to be sent later.
        queued: bool,
    },
}

/// A URL, and the call sites that it comes through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// The URL; its base may hold variables and holes.
    pub pattern: Pattern,
    /// Functions whose code decides the base: it is so only in services that reach all of them.
    pub contexts: Vec<FunctionRef>,
    /// Call sites that pass the base on, from the inside out.
    pub passed: Vec<CallRef>,
    /// Whether the base is what code falls back to where none is passed.
    pub fallback: bool,
    /// Whether code passes the base on that nobody in the workspace is seen to call: it counts in a service of which no other is known.
    pub uncalled: bool,
}

impl Url {
    /// A URL that stands where it is used.
    pub(in crate::resolve) fn plain(pattern: Pattern) -> Self {
        Self { pattern, contexts: Vec::new(), passed: Vec::new(), fallback: false, uncalled: false }
    }
}
