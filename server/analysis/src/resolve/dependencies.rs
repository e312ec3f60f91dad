//! What an evaluation looked at, which is what a relink follows.
//!
//! Invariant: a result whose dependencies are all as they were is as it was.

use rustc_hash::FxHashSet;

use super::uses::UseKey;
use crate::FileId;

/// What an evaluation looked at: if none of it changes, its result does not either.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependencies {
    /// Files whose facts were read, sorted.
    pub files: Box<[FileId]>,
    /// Uses that were looked for in all files.
    pub uses: FxHashSet<UseKey>,
    /// Uses of which it was asked whether there are any.
    pub asked: FxHashSet<UseKey>,
}

/// Files, one bit each: evaluation notes a file each time it looks at it, which must cost next to nothing.
#[derive(Debug, Default)]
pub(super) struct FileBits(Vec<u64>);

impl FileBits {
    pub(super) fn insert(&mut self, file: FileId) {
        let (word, bit) = (file.0 as usize / 64, file.0 % 64);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    pub(super) fn sorted(&self) -> Box<[FileId]> {
        let bits = |(at, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| FileId(at as u32 * 64 + bit))
        };
        self.0.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(bits).collect()
    }
}
