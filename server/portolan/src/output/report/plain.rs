//! A short report as text for a terminal: no pictures, and tables as their rows.

use std::fmt::Write;

use portolan_analysis::report::{Block, Report, Span, Text};

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for (at, block) in report.sections.iter().flat_map(|section| &section.blocks).enumerate() {
        let _ = match block {
            Block::Heading(heading) => writeln!(out, "{}{heading}", if at > 0 { "\n" } else { "" }),
            Block::Paragraph(text) => writeln!(out, "{}", line(text)),
            Block::List(points) => points.iter().try_for_each(|point| writeln!(out, "  {}", line(point))),
            Block::Table { rows, .. } => {
                rows.iter().try_for_each(|row| writeln!(out, "  {}", row.iter().map(line).collect::<Vec<_>>().join("  ")))
            }
            Block::Map(_) => Ok(()),
        };
    }
    out
}

fn line(text: &Text) -> String {
    let spans = text.0.iter().map(|span| match span {
        Span::Words(text) | Span::Code(text) | Span::Service(text) => text.clone(),
        Span::Severity(severity) => severity.as_str().to_owned(),
        Span::Place { file, line } => format!("({file}:{line})"),
    });
    spans.collect()
}
