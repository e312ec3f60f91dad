//! `portolan explain`.

use std::process::ExitCode;

use clap::Args;
use portolan_analysis::rules;

use super::Failure;
use crate::output;
use crate::output::page::{self, Style};

/// Explains a rule: what it finds and why that matters, with an example, what can be done, and what can be set.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan explain sync-chain
  portolan rules                    lists them all")]
pub(super) struct Explain {
    /// The rule's name
    #[arg(value_name = "RULE")]
    rule: String,
}

impl Explain {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let rule = rules::named(&self.rule).ok_or_else(|| super::no_rule(&self.rule))?;
        let text = format!("# {}\n\n{}. Severity: {}.\n\n{}", rule.name, rule.summary, rule.severity.as_str(), rule.docs());
        let style = Style { colours: output::stdout_has_colours(), width: output::stdout_width().min(100) };
        output::print(&page::render(&text, style)).map_err(|error| Failure::new(format!("cannot write the page: {error}")))?;
        Ok(ExitCode::SUCCESS)
    }
}
