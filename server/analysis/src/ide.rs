//! Answers to an editor's questions, in editor terms but without its protocol: byte offsets in, plain data out.

use crate::{FileId, Place, Snapshot};

/// What to show when the cursor rests somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Markdown. Links to places are written as `[text](portolan:PATH#LINE)`, which the server turns into its editor's links.
    pub markdown: String,
    /// What it is about.
    pub place: Place,
}

/// What stands at `offset`: a call, a handler, a table, a channel.
pub fn hover(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Hover> {
    let _ = (snapshot, file, offset);
    None
}

/// Where what stands at `offset` leads: from a call to the handler that answers, from a publish to its consumers.
pub fn definition(snapshot: &Snapshot, file: FileId, offset: u32) -> Vec<Place> {
    let _ = (snapshot, file, offset);
    Vec::new()
}
