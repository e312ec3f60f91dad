//! The gate: what is accepted, what is told, and what makes the command fail.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{commit_all, demo, git, portolan, read, shop, write, write_tables, writing};

fn shown(folder: &Path, arguments: &[&str]) -> String {
    portolan(folder, arguments).shown(folder, "[FOLDER]")
}

/// The rules of the findings that are told.
fn findings(folder: &TempDir, arguments: &[&str]) -> Vec<String> {
    let run = portolan(folder.path(), &[&["check", "--format", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_baseline_accepts_what_is_there_and_only_shrinks() {
    let shop = shop("");
    insta::assert_snapshot!("baseline_first", shown(shop.path(), &["baseline"]));
    insta::assert_snapshot!("baseline_file", read(&shop, "portolan-baseline.toml"));
    assert_eq!(findings(&shop, &[]), Vec::<String>::new());
    assert_eq!(portolan(shop.path(), &["check", "--fail-on", "hint"]).code, 0);
    assert_eq!(findings(&shop, &["--no-baseline"]), ["shared-database", "shared-table-writers"]);
    insta::assert_snapshot!("baseline_check", shown(shop.path(), &["check", "-v"]));
    // A second table: not in it, and not put into it unasked.
    write_tables(&shop, "", &["orders", "parcels"]);
    assert_eq!(findings(&shop, &[]), ["shared-table-writers"]);
    let before = read(&shop, "portolan-baseline.toml");
    insta::assert_snapshot!("baseline_again", shown(shop.path(), &["baseline"]));
    assert_eq!(read(&shop, "portolan-baseline.toml"), before);
    insta::assert_snapshot!("baseline_add_dry", shown(shop.path(), &["baseline", "--add", "--dry-run"]));
    assert_eq!(read(&shop, "portolan-baseline.toml"), before);
    assert_eq!(portolan(shop.path(), &["baseline", "--add"]).code, 0);
    assert_eq!(findings(&shop, &[]), Vec::<String>::new());
    // A reason is kept, and what is settled goes.
    let reasoned = read(&shop, "portolan-baseline.toml").replacen(
        "rule = \"shared-database\"",
        "reason = \"one team\"\nrule = \"shared-database\"",
        1,
    );
    write(&shop, "portolan-baseline.toml", &reasoned);
    write(&shop, "shipping/src/index.ts", &writing(&["parcels"]));
    write(&shop, "orders/src/index.ts", &writing(&["orders"]));
    insta::assert_snapshot!("baseline_stale", shown(shop.path(), &["check", "--fail-on", "hint"]));
    insta::assert_snapshot!("baseline_shrunk", shown(shop.path(), &["baseline"]) + &read(&shop, "portolan-baseline.toml"));
}

#[test]
fn a_baseline_holds_though_files_are_renamed_and_lines_move() {
    let shop = shop("");
    portolan(shop.path(), &["baseline"]);
    std::fs::remove_file(shop.path().join("shipping/src/index.ts")).unwrap();
    write(&shop, "shipping/src/ship.ts", &format!("\n\n// Moved.\n{}", writing(&["orders"])));
    write(&shop, "shipping/package.json", r#"{ "name": "shipping", "main": "src/ship.ts", "dependencies": { "pg": "8.12.0" } }"#);
    assert_eq!(findings(&shop, &[]), Vec::<String>::new());
    assert!(portolan(shop.path(), &["baseline"]).stderr.contains("2 findings are known\n"));
    assert!(read(&shop, "portolan-baseline.toml").contains("shipping/src/ship.ts"));
}

#[test]
fn a_baseline_may_be_another_file_and_must_be_one() {
    let shop = shop("");
    portolan(shop.path(), &["baseline"]);
    std::fs::create_dir(shop.path().join("ci")).unwrap();
    std::fs::rename(shop.path().join("portolan-baseline.toml"), shop.path().join("ci/known.toml")).unwrap();
    assert_eq!(findings(&shop, &[]).len(), 2);
    assert_eq!(findings(&shop, &["--baseline", "ci/known.toml"]), Vec::<String>::new());
    let missing = portolan(shop.path(), &["check", "--baseline", "none.toml"]);
    assert!(missing.code == 2 && missing.stderr.contains("cannot read the baseline none.toml: it is not there"), "{}", missing.stderr);
    write(&shop, "portolan-baseline.toml", "[[finding]]\nrule = 1\n");
    let wrong = portolan(shop.path(), &["check"]);
    assert!(wrong.stderr.contains("portolan-baseline.toml:2: "), "{}", wrong.stderr);
    let refused = portolan(shop.path(), &["baseline", "--add"]);
    assert!(refused.code == 2 && refused.stderr.contains("is not understood: mend it"), "{}", refused.stderr);
    assert_eq!(read(&shop, "portolan-baseline.toml"), "[[finding]]\nrule = 1\n");
}

#[test]
fn of_many_findings_of_a_file_the_hidden_ones_are_accepted_too() {
    let shop = shop("");
    let tables: Vec<String> = (0..14).map(|at| format!("table{at}")).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    write_tables(&shop, "", &tables);
    assert_eq!(findings(&shop, &[]).len(), 1 + 10 + 1);
    let written = portolan(shop.path(), &["baseline"]);
    assert!(written.stderr.contains("15 findings are known"), "{}", written.stderr);
    assert_eq!(findings(&shop, &[]), Vec::<String>::new());
}

#[test]
fn nothing_found_makes_no_baseline() {
    let empty = tempfile::tempdir().unwrap();
    let run = portolan(empty.path(), &["baseline"]);
    assert_eq!(run.code, 0);
    assert!(!empty.path().join("portolan-baseline.toml").exists(), "{}", run.stderr);
}

#[test]
fn what_is_accepted_is_so_in_every_form() {
    let shop = shop("");
    write(
        &shop,
        "shipping/src/index.ts",
        &writing(&["orders"]).replace("setInterval", "// portolan: allow(shared-table-writers) until spring\nsetInterval"),
    );
    for format in ["text", "json", "github", "gitlab", "junit"] {
        let run = portolan(shop.path(), &["check", "--format", format]);
        assert_eq!(run.code, 0, "{format}: {}", run.stdout);
        assert_eq!(run.stdout.contains("`orders` is written by"), format == "json", "{format}: {}", run.stdout);
    }
    let analysis = portolan(shop.path(), &["report"]).stdout;
    let accepted = analysis.split("What is accepted").nth(1).unwrap_or_default();
    assert!(accepted.contains("`orders` is written by") && accepted.contains("until spring"), "{analysis}");
    let report: Value = serde_json::from_str(&portolan(shop.path(), &["check", "--format", "json"]).stdout).unwrap();
    let accepted = &report["suppressed"][0];
    assert_eq!((&accepted["by"], &accepted["reason"], &accepted["at"]["line"]), (&"comment".into(), &"until spring".into(), &3.into()));
    let sarif: Value = serde_json::from_str(&portolan(shop.path(), &["check", "--format", "sarif"]).stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppression = |rule: &str| results.iter().find(|result| result["ruleId"] == rule).unwrap().get("suppressions").cloned();
    assert_eq!(suppression("shared-database"), None);
    let accepted = &suppression("shared-table-writers").unwrap()[0];
    assert_eq!((&accepted["kind"], &accepted["justification"]), (&"inSource".into(), &"until spring".into()));
    portolan(shop.path(), &["baseline"]);
    let sarif: Value = serde_json::from_str(&portolan(shop.path(), &["check", "--format", "sarif"]).stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["suppressions"][0]["kind"].is_string()), "{results:#?}");
}

#[test]
fn only_what_a_change_brings_is_told() {
    let shop = shop("");
    commit_all(shop.path());
    assert_eq!(findings(&shop, &["--changed-since", "HEAD"]), Vec::<String>::new());
    assert_eq!(portolan(shop.path(), &["check", "--changed-since", "HEAD"]).code, 0);
    for name in ["orders", "shipping"] {
        write(&shop, &format!("{name}/src/index.ts"), &format!("\n{}", writing(&["parcels", "orders"])));
    }
    insta::assert_snapshot!("changed_since", shown(shop.path(), &["check", "--changed-since", "HEAD"]));
    let unknown = portolan(shop.path(), &["check", "--changed-since", "nowhere"]);
    assert!(unknown.code == 2 && unknown.stdout.is_empty(), "{}", unknown.stdout);
    assert!(
        unknown.stderr.contains("`nowhere` is no git revision of .; `git branch --all` and `git tag` list what it has"),
        "{}",
        unknown.stderr
    );
    // A comment that goes brings back what it accepted.
    let accepted = writing(&["orders"]).replace("setInterval", "// portolan: allow(shared-table-writers) until spring\nsetInterval");
    write(&shop, "orders/src/index.ts", &writing(&["orders"]));
    write(&shop, "shipping/src/index.ts", &accepted);
    git(shop.path(), &["commit", "-qam", "accepted"]);
    write(&shop, "shipping/src/index.ts", &writing(&["orders"]));
    assert_eq!(findings(&shop, &["--changed-since", "HEAD"]), ["shared-table-writers"]);
}

#[test]
fn a_change_is_judged_by_one_baseline() {
    let shop = shop("");
    portolan(shop.path(), &["baseline"]);
    commit_all(shop.path());
    // What the revision's own baseline accepts is not new because nobody is to accept it now.
    assert_eq!(findings(&shop, &["--changed-since", "HEAD", "--no-baseline"]), Vec::<String>::new());
    // An entry of a baseline beside the workspace has no finding, neither here nor there.
    let stale = read(&shop, "portolan-baseline.toml").replace("orders,shipping", "billing,orders");
    write(&shop, "ci/known.toml", &stale);
    assert_eq!(findings(&shop, &["--changed-since", "HEAD", "--baseline", "ci/known.toml"]), Vec::<String>::new());
}

#[test]
fn quiet_says_what_was_asked_for_alone() {
    let shop = shop("");
    write(&shop, "broken/compose.yaml", "services: [\n");
    let (loud, quiet) = (portolan(shop.path(), &["check"]), portolan(shop.path(), &["check", "--quiet"]));
    assert!(loud.stderr.contains("problem while reading"), "{}", loud.stderr);
    assert_eq!((quiet.stderr.as_str(), quiet.code), ("", loud.code));
    assert_eq!(quiet.stdout, loud.stdout);
    let failed = portolan(shop.path(), &["-q", "check", "nowhere"]);
    assert!(failed.stderr.contains("no such folder"), "{}", failed.stderr);
    // What is wrong in the user's own settings changes what is found.
    write(&shop, "portolan.toml", "[rulez]\n");
    let misspelt = portolan(shop.path(), &["check", "--quiet"]);
    assert_eq!(misspelt.stderr, "portolan.toml:1: unknown key `rulez` in portolan.toml; did you mean `rules`?\n");
}

#[test]
fn what_is_no_baseline_accepts_nothing() {
    let shop = shop("");
    write(&shop, "ci/known.yaml", "services: {}\n");
    let run = portolan(shop.path(), &["check", "--baseline", "ci/known.yaml"]);
    assert!(run.code == 2 && run.stdout.is_empty(), "{}", run.stdout);
    let said = "portolan: cannot read the baseline ci/known.yaml: line 1: ";
    assert!(run.stderr.starts_with(said) && run.stderr.ends_with("; `portolan baseline` writes one\n"), "{}", run.stderr);
}

#[test]
fn a_shallow_clone_is_said_to_be_one() {
    let shop = shop("");
    commit_all(shop.path());
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "-q", "--depth", "1", &format!("file://{}", shop.path().display()), "shop"]);
    let run = portolan(&clone.path().join("shop"), &["check", "--changed-since", "v1"]);
    assert!(run.stderr.contains("this is a shallow clone"), "{}", run.stderr);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    // `script` gives the binary a terminal; without it there is nothing to compare.
    let Ok(version) = Command::new("script").arg("--version").output() else { return };
    if !version.status.success() {
        return;
    }
    let shop = shop("");
    let on_terminal = |variable: Option<(&str, &str)>| {
        let mut command = Command::new("script");
        // Quiet, as a machine that is busy gets to see the progress, which moves the cursor.
        let line = format!("{} check --quiet {}", env!("CARGO_BIN_EXE_portolan"), shop.path().display());
        command.args(["-qec", &line, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm-256color").envs(variable);
        String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
    };
    assert!(on_terminal(None).contains("\u{1b}["), "no colours on a terminal");
    for refusal in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(!on_terminal(Some(refusal)).contains("\u{1b}["), "{refusal:?}");
    }
    assert!(!portolan(shop.path(), &["check"]).stdout.contains('\u{1b}'), "colours in a pipe");
}

#[test]
fn rules_are_listed_as_they_are_set() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "portolan.toml", "[rules]\nsync-chain = \"error\"\nmodel-drift = \"off\"\n");
    let text = portolan(folder.path(), &["rules"]).stdout;
    assert!(text.lines().any(|line| line.starts_with("sync-chain ") && line.contains(" on   error ")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("model-drift ") && line.contains(" off ")), "{text}");
    let rows: Value = serde_json::from_str(&portolan(folder.path(), &["rules", "--format", "json"]).stdout).unwrap();
    let drift = rows.as_array().unwrap().iter().find(|row| row["name"] == "model-drift").unwrap();
    assert_eq!((&drift["on"], &drift["recommended"], &drift["theme"]), (&false.into(), &true.into(), &"topology".into()));
    write(&folder, "portolan.toml", "[rules]\nsync-chian = \"error\"\n");
    assert!(portolan(folder.path(), &["rules"]).stderr.contains("did you mean `sync-chain`?"));
}

#[test]
fn a_rule_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("explain", shown(folder.path(), &["explain", "unused-suppression"]));
    let unknown = portolan(folder.path(), &["explain", "sync-chian"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("there is no rule `sync-chian`; did you mean `sync-chain`?"), "{}", unknown.stderr);
    let unknown = portolan(folder.path(), &["explain", "nothing"]);
    assert!(unknown.stderr.contains("there is no rule `nothing`; `portolan rules` lists them"), "{}", unknown.stderr);
}

#[test]
fn a_trace_is_foretold() {
    insta::assert_snapshot!("trace", shown(&demo(), &["trace", "POST /checkout"]));
    insta::assert_snapshot!("trace_message", shown(&demo(), &["trace", "order.placed"]));
    let trace: Value = serde_json::from_str(&portolan(&demo(), &["trace", "checkout post /checkout", "--format", "json"]).stdout).unwrap();
    assert_eq!((&trace["service"], &trace["endpoint"], &trace["recorded"]), (&"checkout".into(), &"POST /checkout".into(), &true.into()));
    assert!(trace["steps"].as_array().unwrap().iter().any(|step| step["answer"]["service"] == "orders"), "{trace:#}");
    for (wanted, message) in [
        ("POST /chekout", "there is no endpoint or channel `POST /chekout`; did you mean `POST /checkout`?"),
        ("nothing of the kind at all", "`portolan chart` lists what there is"),
    ] {
        let run = portolan(&demo(), &["trace", wanted]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{wanted}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
}

#[test]
fn shells_complete_and_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = portolan(folder.path(), &["completions", shell]);
        assert!(run.code == 0 && run.stdout.contains("changed-since"), "{shell}: {}", run.stderr);
    }
    let bash = portolan(folder.path(), &["completions", "bash"]).stdout;
    write(&folder, "complete.bash", &bash);
    // As the shell asks: `portolan che` and the tabulator.
    let ask = "source complete.bash; COMP_WORDS=(portolan che); COMP_CWORD=1; _portolan portolan che portolan; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", ask]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "check", "{}", String::from_utf8_lossy(&output.stderr));
    let page = portolan(folder.path(), &["man"]).stdout;
    assert!(page.starts_with(".ie") && page.contains(".TH portolan 1"), "{}", &page[..200]);
    assert_eq!(portolan(folder.path(), &["man", "--output", "man1"]).code, 0);
    let check = read(&folder, "man1/portolan-check.1");
    assert!(check.contains("changed"), "{check}");
}

#[test]
fn every_command_has_help_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    let help = portolan(folder.path(), &["--help"]).stdout;
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    let listed = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|name| !name.is_empty()).collect();
    assert!(commands.len() > 12, "{commands:?}");
    for command in commands {
        let help = portolan(folder.path(), &[command, "--help"]);
        assert!(help.code == 0 && help.stdout.contains("Examples:"), "{command}: {}", help.stdout);
    }
}
