//! A predicted trace as text: a waterfall of indented spans, each with what a tracer records of it and where it stands.
//!
//! What deliberately does not live here: what happens, which [`crate::foretold`] puts into words.

use portolan_analysis::chart::document::Site;
use portolan_analysis::chart::trace::StepKind;
use portolan_analysis::words::counted;

use crate::foretold::Trace;

/// A line of the waterfall.
struct Row {
    label: String,
    recorded: Option<bool>,
    site: Site,
}

/// The waterfall: who does what, indented by who asked for it; what is recorded of it; where it stands. Then, where the trace goes dark.
pub fn render(trace: &Trace<Site>) -> String {
    let (mut rows, mut dark) = (Vec::new(), Vec::new());
    waterfall(trace, 0, &mut rows, &mut dark);
    let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for Row { label, recorded, site } in &rows {
        let gap = " ".repeat(width - label.chars().count());
        out += &format!("{label}{gap}  {:8}  {}:{}\n", state(*recorded), site.file, site.line);
    }
    let count = |state: Option<bool>| rows.iter().filter(|row| row.recorded == state).count();
    let mut parts = vec![format!("{} recorded", count(Some(true)))];
    parts.extend(Some(count(Some(false))).filter(|count| *count > 0).map(|count| format!("{count} dark")));
    parts.extend(Some(count(None)).filter(|count| *count > 0).map(|count| format!("{count} that cannot be told")));
    out += &format!("\n{}: {}\n", counted(rows.len(), "span", "spans"), parts.join(", "));
    for (who, why) in dark {
        out += &format!("dark from {who} on: {why}\n");
    }
    out
}

fn waterfall(trace: &Trace<Site>, depth: usize, rows: &mut Vec<Row>, dark: &mut Vec<(String, String)>) {
    let indent = "  ".repeat(depth);
    let who = format!("{} {}", trace.service, trace.endpoint);
    if let Some(why) = &trace.why_dark {
        let known = (who.clone(), why.clone());
        if !dark.contains(&known) {
            dark.push(known);
        }
    }
    rows.push(Row { label: format!("{indent}{who}"), recorded: trace.recorded, site: trace.place.clone() });
    for step in &trace.steps {
        let what = match (step.kind, &step.service) {
            (StepKind::Call, Some(party)) => format!("calls {party} {}", step.label),
            (StepKind::Access, Some(store)) => format!("{} in {store}", step.label),
            (StepKind::Publish, _) => format!("publishes {}", step.label),
            _ => step.label.clone(),
        };
        let marks = [(step.repeated, ", in a loop"), (step.detached, ", not waited for")];
        let marks: String = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, words)| *words).collect();
        rows.push(Row { label: format!("{indent}  {what}{marks}"), recorded: step.recorded, site: step.place.clone() });
        if let Some(answer) = &step.answer {
            waterfall(answer, depth + 2, rows, dark);
        }
    }
}

fn state(recorded: Option<bool>) -> &'static str {
    match recorded {
        Some(true) => "recorded",
        Some(false) => "dark",
        None => "?",
    }
}
