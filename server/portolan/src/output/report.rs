//! A written analysis as Markdown and as plain text.
//!
//! What deliberately does not live here: what it says, which is [`portolan_analysis::report`]'s. Invariant: whatever a name holds, it is shown and
//! ends nothing.

pub mod markdown;
pub mod plain;
