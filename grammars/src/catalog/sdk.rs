//! Entries of SDKs: libraries that call a third party by themselves, so that no URL stands in the code.
//!
//! What deliberately does not live here: SDKs of databases and brokers, whose calls are queries and messages, and of tracing, whose calls are
//! nobody's dependency. Invariant: an entry names the call that goes out, not the one that sets the client up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};

/// A call of a third party's SDK that goes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SdkCall {
    /// What is called.
    pub callee: Names,
    /// `peer.service`: who answers, by a name that people know (`stripe`, `s3`). Missing where other calls of the library say it for all, as
    /// `OpenFeature.setProvider(…)` does: then it is theirs, if they agree.
    #[serde(default)]
    pub peer: Option<Selector>,
    /// Whether it goes out only where its result is awaited at once: a request's builder, which a later call may send instead.
    #[serde(default)]
    pub awaited: bool,
    /// Whether it only puts something into memory, from where the library sends it when it likes: nobody waits for it.
    #[serde(default)]
    pub queued: bool,
    /// Whether it asks nobody: it works out an address by which others are let in, a presigned URL.
    #[serde(default)]
    pub signs: bool,
    /// The client, where it is not what is called.
    #[serde(default)]
    pub client: Option<Selector>,
    /// The URL or host that the client was set up with; it says better who answers, where it is known.
    #[serde(default)]
    pub address: Option<Selector>,
    /// What is asked for, where a word of its own says it: `get_object` of a request that is built before it is sent. Otherwise the callee's name.
    #[serde(default)]
    pub operation: Option<Selector>,
}
