//! Reads as much of Markdown as specs need: second-level headings and fenced blocks.
//!
//! Invariant: every block keeps the line it starts on, so that a failure can be found and an expectation rewritten.

/// A spec file: what stands before the first section, and the sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Blocks before the first `##`: they belong to every section.
    pub shared: Vec<Block>,
    /// What each `##` starts.
    pub sections: Vec<Section>,
}

/// What one `##` heading starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading's text.
    pub title: String,
    /// Its 1-based line.
    pub line: usize,
    /// The fenced blocks below it.
    pub blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What follows the opening fence.
    pub info: String,
    /// 1-based line of the opening fence; the text starts on the next.
    pub line: usize,
    /// The lines within.
    pub lines: Vec<String>,
}

impl Block {
    /// The first word of the info string: the language or the kind.
    pub fn kind(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or("")
    }
    /// The value of `path=…` in the info string.
    pub fn path(&self) -> Option<&str> {
        self.info.split_whitespace().find_map(|word| word.strip_prefix("path="))
    }
}

/// Reads a document; an unclosed block is an error.
pub fn parse(text: &str) -> Result<Document, String> {
    let mut document = Document::default();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        if let Some(title) = line.strip_prefix("## ") {
            document.sections.push(Section { title: title.trim().to_owned(), line: number, blocks: Vec::new() });
        } else if line.starts_with("```") {
            let ticks = line.chars().take_while(|c| *c == '`').count();
            let fence = "`".repeat(ticks);
            let mut block = Block { info: line[ticks..].trim().to_owned(), line: number, lines: Vec::new() };
            loop {
                match lines.next() {
                    Some((_, line)) if line.trim_end() == fence => break,
                    Some((_, line)) => block.lines.push(line.to_owned()),
                    None => return Err(format!("line {number}: the block is not closed")),
                }
            }
            match document.sections.last_mut() {
                Some(section) => section.blocks.push(block),
                None => document.shared.push(block),
            }
        }
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_belong_to_the_heading_above() {
        let document = parse("# T\n```json path=package.json\n{}\n```\n## A\ntext\n````md path=a.md\n```x\n````\n## B\n").unwrap();
        assert_eq!(document.shared[0].path(), Some("package.json"));
        assert_eq!(document.sections.len(), 2);
        assert_eq!(document.sections[0].blocks[0].lines, ["```x"]);
        assert_eq!(document.sections[0].blocks[0].line, 7);
        assert!(parse("```\n").is_err());
    }
}
