//! Findings as a JUnit report, which most build servers show: a suite for each rule, a case for each finding.
//!
//! Invariants: what fails here is what makes the command fail; a rule without findings is a case that passes.

use std::io;

use portolan_analysis::rules::{self, Finding, Rule};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::findings::Listing;

/// All findings; those for which `fails` says so are failures, the others are skipped cases.
pub fn render(listing: &Listing<'_>, fails: impl Fn(&Finding) -> bool) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let failures = listing.findings.iter().filter(|finding| fails(finding)).count();
    let cases: usize = rules::all().iter().map(|rule| listing.of(rule).count().max(1)).sum();
    writer
        .create_element("testsuites")
        .with_attributes([("name", "portolan"), ("tests", &cases.to_string()), ("failures", &failures.to_string())])
        .write_inner_content(|writer| rules::all().iter().try_for_each(|rule| suite(writer, listing, rule, &fails)))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn suite(writer: &mut Writer<Vec<u8>>, listing: &Listing<'_>, rule: &Rule, fails: &impl Fn(&Finding) -> bool) -> io::Result<()> {
    let (failed, passed): (Vec<&Finding>, Vec<&Finding>) = listing.of(rule).partition(|finding| fails(finding));
    let (tests, failures, skipped) = ((failed.len() + passed.len()).max(1), failed.len(), passed.len());
    let element = writer.create_element("testsuite").with_attributes([
        ("name", rule.name),
        ("tests", &tests.to_string()),
        ("failures", &failures.to_string()),
        ("errors", "0"),
        ("skipped", &skipped.to_string()),
    ]);
    element.write_inner_content(|writer| {
        if failed.is_empty() && passed.is_empty() {
            writer.create_element("testcase").with_attributes([("classname", rule.name), ("name", rule.summary)]).write_empty()?;
        }
        listing.of(rule).try_for_each(|finding| case(writer, listing, finding, fails(finding)))
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, listing: &Listing<'_>, finding: &Finding, failed: bool) -> io::Result<()> {
    let (file, line) = (listing.path(finding.place), listing.snapshot.files.line(finding.place).to_string());
    let message = printable(&finding.message);
    let attributes = [("classname", finding.rule), ("name", message.as_str()), ("file", file), ("line", &line)];
    writer.create_element("testcase").with_attributes(attributes).write_inner_content(|writer| {
        if failed {
            let places = finding.related.iter().map(|(place, words)| format!("{}: {words}\n", listing.at(*place)));
            let text = format!("{file}:{line}\n{}", places.collect::<String>());
            let failure = writer.create_element("failure");
            let failure = failure.with_attributes([("type", finding.severity.as_str()), ("message", message.as_str())]);
            failure.write_text_content(BytesText::new(&printable(&text)))?;
        } else {
            let reason = format!("{} only", finding.severity.as_str());
            writer.create_element("skipped").with_attribute(("message", reason.as_str())).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// XML has no way to write most control characters.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() && !matches!(character, '\n' | '\t') { '\u{fffd}' } else { character }).collect()
}
