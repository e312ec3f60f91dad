//! Marks in a spec's files: expected findings and the cursor. Both are taken out before the file is read.
//!
//! A mark is a line of its own, below the line of the finding: a comment of the language (or nothing, where it has none), tildes, and
//! `rule: text`, or `rule (severity): text`. The cursor is `$0` and stands before the character it means.

/// A file without its marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// The text to read.
    pub text: String,
    /// The line in the spec of each line of the text; both count from 1.
    pub lines: Vec<usize>,
    /// The expected findings.
    pub marks: Vec<Mark>,
    /// Byte offset of the cursor.
    pub cursor: Option<u32>,
}

/// An expected finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The 1-based line of the text that it is about.
    pub line: u32,
    /// The rule's name.
    pub rule: String,
    /// How bad the finding is, where that is asked.
    pub severity: Option<String>,
    /// What the message contains.
    pub text: String,
    /// The line in the spec of the mark itself.
    pub spec_line: usize,
}

const COMMENTS: [&str; 7] = ["//", "#", "--", ";", "/*", "<!--", ""];

/// Takes the marks out of a block's lines; `first` is the spec's line of the first of them.
pub fn unmark(lines: &[String], first: usize) -> Result<Marked, String> {
    let mut marked = Marked::default();
    for (index, line) in lines.iter().enumerate() {
        let spec_line = first + index;
        if let Some((rule, text)) = mark(line) {
            if marked.lines.is_empty() {
                return Err(format!("line {spec_line}: a mark needs a line above"));
            }
            let (rule, severity) = match rule.strip_suffix(')').and_then(|rule| rule.split_once(" (")) {
                Some((rule, severity)) => (rule.to_owned(), Some(severity.to_owned())),
                None => (rule.to_owned(), None),
            };
            marked.marks.push(Mark { line: marked.lines.len() as u32, rule, severity, text: text.to_owned(), spec_line });
            continue;
        }
        let mut line = line.clone();
        if let Some(at) = line.find("$0") {
            if marked.cursor.is_some() {
                return Err(format!("line {spec_line}: a second cursor"));
            }
            marked.cursor = Some((marked.text.len() + at) as u32);
            line.replace_range(at..at + 2, "");
        }
        marked.text += &line;
        marked.text.push('\n');
        marked.lines.push(spec_line);
    }
    Ok(marked)
}

fn mark(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = COMMENTS.iter().find_map(|comment| line.strip_prefix(comment))?.trim_start();
    let rest = line.trim_start_matches('~');
    if line.len() - rest.len() < 2 {
        return None;
    }
    let rest = rest.trim_end_matches("-->").trim_end_matches("*/").trim();
    let (rule, text) = rest.split_once(':').unwrap_or((rest, ""));
    Some((rule.trim(), text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_name_the_line_above() {
        let lines: Vec<String> = ["a(", "  b$0()", "  // ~~~ no-timeout: waits for ever", "  # ~~ x", ")"].map(String::from).into();
        let marked = unmark(&lines, 10).unwrap();
        assert_eq!(marked.text, "a(\n  b()\n)\n");
        assert_eq!(marked.lines, [10, 11, 14]);
        assert_eq!(marked.cursor, Some(6));
        let marks: Vec<_> = marked.marks.iter().map(|mark| (mark.line, mark.rule.as_str(), mark.text.as_str(), mark.spec_line)).collect();
        assert_eq!(marks, [(2, "no-timeout", "waits for ever", 12), (2, "x", "", 13)]);
        assert!(unmark(&["// ~~~~ a: b".to_owned()], 1).is_err());
    }
}
