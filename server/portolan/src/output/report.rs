//! A written analysis as Markdown, as a page and as plain text.
//!
//! What deliberately does not live here: what it says, which is [`portolan_analysis::report`]'s. Invariant: whatever a name holds, it is shown and
//! ends nothing.

pub mod html;
mod layout;
pub mod markdown;
mod picture;
pub mod plain;
