//! A report as Markdown, for a repository: places are links relative to its root, pictures are Mermaid.

use std::fmt::Write;

use portolan_analysis::report::{Block, Report, Span, Text};

use super::super::exports::mermaid;
use crate::web::path_reference;

const LEGEND: &str =
    "Solid arrows are calls that are waited for, with the number of places that call; dotted arrows are messages; lines lead to stores.";

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = format!("# {}\n", words(&report.title));
    for section in &report.sections {
        if !section.title.is_empty() {
            let _ = writeln!(out, "\n## {}", words(&section.title));
        }
        for block in &section.blocks {
            out.push('\n');
            self::block(block, &mut out);
        }
    }
    out
}

fn block(block: &Block, out: &mut String) {
    let _ = match block {
        Block::Heading(heading) => writeln!(out, "### {}", words(heading)),
        Block::Paragraph(text) => writeln!(out, "{}", line(text)),
        Block::List(points) => points.iter().try_for_each(|point| writeln!(out, "- {}", line(point))),
        Block::Table { columns, rows } => {
            let _ = writeln!(out, "| {} |", columns.iter().map(|column| words(column)).collect::<Vec<_>>().join(" | "));
            let _ = writeln!(out, "|{}", "---|".repeat(columns.len()));
            rows.iter().try_for_each(|row| writeln!(out, "| {} |", row.iter().map(cell).collect::<Vec<_>>().join(" | ")))
        }
        Block::Map(map) => writeln!(out, "```mermaid\n{}```\n\n{LEGEND}", mermaid::render(map)),
    };
}

/// A text as one line.
pub fn line(text: &Text) -> String {
    text.0.iter().map(span).collect()
}

/// Pipes part cells, even within code.
fn cell(text: &Text) -> String {
    line(text).replace('|', "\\|")
}

fn span(span: &Span) -> String {
    match span {
        Span::Words(text) => words(text),
        Span::Code(text) => code(text),
        Span::Service(name) => format!("**{}**", words(name)),
        Span::Severity(severity) => format!("*{}*", severity.as_str()),
        Span::Place { file, line } => format!("[{}](<{}#L{line}>)", code(&format!("{file}:{line}")), path_reference(file)),
    }
}

/// Code between as many backticks as it takes.
pub fn code(text: &str) -> String {
    let text = flat(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Words in which nothing means anything.
pub fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = flat(text);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let within = |other: Option<char>| other.is_some_and(char::is_alphanumeric);
        // Within a word it means nothing.
        let underscore = character == '_' && !(within(out.chars().next_back()) && within(characters.peek().copied()));
        if underscore || matches!(character, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '#') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn flat(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_stands_in() {
        assert_eq!(code("a `b` ``c"), "```a `b` ``c```");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(words("_a_ a_b a__b"), "\\_a\\_ a_b a\\_\\_b");
        assert_eq!(words("*a* [b](c) <d>\n# e"), "\\*a\\* \\[b\\](c) \\<d\\> \\# e");
        assert_eq!(cell(&Text(vec![Span::Code("a|b".into())])), "`a\\|b`");
        let place = Span::Place { file: "src/[id]/a b.ts".into(), line: 3 };
        assert_eq!(line(&Text(vec![place])), "[`src/[id]/a b.ts:3`](<src/%5Bid%5D/a%20b.ts#L3>)");
    }
}
