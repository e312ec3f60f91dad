//! Forms for other programs, each read by a parser or a schema that is not ours.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{self, demo, write};

/// Standard output of a run that ends well or with findings.
fn portolan(folder: &Path, arguments: &[&str]) -> String {
    let run = run::portolan(folder, arguments);
    assert!(matches!(run.code, 0 | 1), "{}", run.stderr);
    run.stdout
}

/// Services in a row, so that a chain is found, in folders and with routes that no format likes; and a file that cannot be read.
fn odd_names() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut compose = String::from("services:\n");
    let names = ["a", "b", "c", "d"];
    for (at, name) in names.iter().enumerate() {
        let root = format!("svc #{name} (é), [x]");
        compose += &format!("  {name}:\n    build: \"./{root}\"\n");
        write(
            &folder,
            &format!("{root}/package.json"),
            &format!(r#"{{"name": "{name}", "main": "index.ts", "dependencies": {{"axios": "^1", "express": "^5"}}}}"#),
        );
        let call =
            names.get(at + 1).map(|next| format!("/* 🦀 */ await axios.post(\"http://{next}/<{next}>&'%25,:\");")).unwrap_or_default();
        write(
            &folder,
            &format!("{root}/index.ts"),
            &format!(
                "import axios from \"axios\";\nimport express from \"express\";\nconst app = express();\napp.post(\"/<{name}>&'%25,:\", async (q, r) => {{\n  {call}\n  r.end();\n}});\n"
            ),
        );
    }
    write(&folder, "compose.yaml", &compose);
    write(&folder, "broken/compose.yaml", "services: [\n");
    folder
}

/// The schema of SARIF, as the crate that generates its types of it keeps it.
fn sarif_schema() -> Value {
    let cargo = |arguments: &[&str]| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Of this machine's packages alone, as all of them are here.
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&["metadata", "--format-version", "1", "--offline", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("src/schema.json")).unwrap()).unwrap();
    // A pattern with a bracket too many, of a property that is not written.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    schema
}

fn assert_valid(schema: &Value, document: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn sarif_obeys_its_schema_and_names_every_hop() {
    let schema = sarif_schema();
    let odd = odd_names();
    for folder in [demo(), odd.path().to_owned()] {
        let text = portolan(&folder, &["check", "--format", "sarif", "--fail-on", "never"]);
        assert_valid(&schema, &serde_json::from_str(&text).unwrap());
        let log: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
        assert!(!log.runs[0].results.as_ref().unwrap().is_empty());
    }
    let log: Value = serde_json::from_str(&portolan(odd.path(), &["check", "--format", "sarif"])).unwrap();
    let run = &log["runs"][0];
    let chain = run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "sync-chain").unwrap();
    assert_eq!(chain["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 6);
    let place = &chain["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "svc%20%23a%20%28%C3%A9%29%2C%20%5Bx%5D/index.ts");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&5.into(), &24.into()));
    let rule = &run["tool"]["driver"]["rules"][chain["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], "sync-chain");
    let problem = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(problem["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "broken/compose.yaml");
}

#[test]
fn github_reads_one_command_a_line() {
    let odd = odd_names();
    let text = portolan(odd.path(), &["check", "--format", "github"]);
    let chain = text.lines().find(|line| line.contains("title=sync-chain")).unwrap();
    let expected = "::notice file=svc #a (é)%2C [x]/index.ts,line=5,endLine=5,col=24,endColumn=28,title=sync-chain::POST /<a>&'%2525,: waits on 3 services";
    assert!(chain.starts_with(expected), "{chain}");
    assert!(text.lines().all(|line| line.starts_with("::")));
}

#[test]
fn gitlab_has_what_it_requires() {
    let odd = odd_names();
    let issues: Value = serde_json::from_str(&portolan(odd.path(), &["check", "--format", "gitlab"])).unwrap();
    let issues = issues.as_array().unwrap();
    let mut fingerprints: Vec<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), issues.len());
    let chain = issues.iter().find(|issue| issue["check_name"] == "sync-chain").unwrap();
    assert_eq!(chain["severity"], "minor");
    assert_eq!((&chain["location"]["path"], &chain["location"]["lines"]["begin"]), (&"svc #a (é), [x]/index.ts".into(), &5.into()));
}

#[test]
fn junit_fails_what_the_command_fails_for() {
    let odd = odd_names();
    for (limit, expected) in [("information", "failures"), ("error", "skipped")] {
        let text = portolan(odd.path(), &["check", "--format", "junit", "--fail-on", limit]);
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut found = 0;
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "testsuite" => {
                    let value = |name: &str| {
                        tag.try_get_attribute(name)
                            .unwrap()
                            .unwrap()
                            .normalized_value(quick_xml::XmlVersion::default())
                            .unwrap()
                            .into_owned()
                    };
                    found += usize::from(value("name") == "sync-chain" && value(expected) == "1");
                }
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(found, 1, "{text}");
    }
}

#[test]
fn the_chart_obeys_its_schema() {
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../analysis/chart.schema.json")).unwrap();
    let odd = odd_names();
    for folder in [demo(), odd.path().to_owned()] {
        let chart = portolan(&folder, &["chart", "--format", "json"]);
        assert_valid(&serde_json::from_str(&schema).unwrap(), &serde_json::from_str(&chart).unwrap());
    }
}

#[test]
fn matrices_are_square_whatever_the_names() {
    for format in ["csv-calls", "csv-tables"] {
        for folder in [demo(), odd_names().path().to_owned()] {
            let text = portolan(&folder, &["chart", "--format", format]);
            // The reader refuses rows of different lengths.
            let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes()).records().collect::<Result<_, _>>().unwrap();
            assert!(format == "csv-tables" || !rows.is_empty());
        }
    }
}

#[test]
fn many_runs_on_any_number_of_threads_write_the_same_bytes() {
    let odd = odd_names();
    let forms: &[&[&str]] = &[
        &["chart", "--format", "json"],
        &["chart", "--format", "backstage"],
        &["report"],
        &["report", "--format", "html"],
        &["check", "--format", "text"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["check", "--format", "gitlab"],
        &["check", "--format", "junit"],
    ];
    for arguments in forms {
        let text = |jobs: &str| portolan(odd.path(), &[*arguments, &["--jobs", jobs]].concat());
        let first = text("1");
        for run in 0..20 {
            assert_eq!(text(["1", "2", "3", "8"][run % 4]), first);
        }
    }
}

/// What is exported is a model of the code: kept in the workspace, it differs from it in nothing; and a line of it that is wrong is found.
#[test]
fn exports_agree_with_the_code_they_are_made_of() {
    for (format, file) in [("backstage", "catalog-info.yaml"), ("likec4", "model.c4"), ("structurizr", "workspace.dsl")] {
        let odd = odd_names();
        let drift = || {
            let report: Value = serde_json::from_str(&portolan(odd.path(), &["check", "--format", "json"])).unwrap();
            let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "model-drift");
            findings.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let model = portolan(odd.path(), &["chart", "--format", format]);
        std::fs::write(odd.path().join(file), &model).unwrap();
        assert!(drift().is_empty(), "{format}: {:?}", drift());
        let wrong = model
            .replace("service_b -[calls]-> service_c", "service_b -[calls]-> service_a")
            .replace("service_b -> service_c", "service_b -> service_a");
        let wrong =
            wrong.replace("component:default/c", "component:default/a").replace("  - c-http\n  dependsOn", "  - a-http\n  dependsOn");
        std::fs::write(odd.path().join(file), wrong).unwrap();
        let drift = drift();
        assert!(drift.iter().any(|message| message.starts_with("b is said to depend on a")), "{format}: {drift:?}");
        assert!(drift.iter().any(|message| message.starts_with("The model leaves out that b calls c")), "{format}: {drift:?}");
    }
}

/// Diagrams and models are read by the tools that they are for, whatever the names.
#[test]
#[ignore = "installs those tools by npm"]
fn tools_read_what_is_exported_for_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/exports");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports");
    std::fs::create_dir_all(&kept).unwrap();
    for file in ["package.json", "package-lock.json", "plantuml.mjs", "read.mjs"] {
        std::fs::copy(here.join(file), kept.join(file)).unwrap();
    }
    let run = |command: &mut Command| {
        let output = command.current_dir(&kept).output().expect("Node 20 and npm are there");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?} failed:\n{out}\n{err}");
    };
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]));
    let odd = odd_names();
    for workspace in [demo().as_path(), odd.path()] {
        let written = tempfile::tempdir().unwrap();
        let files = [
            ("mermaid", "chart.mmd"),
            ("dot", "chart.dot"),
            ("plantuml", "chart.puml"),
            ("structurizr", "workspace.dsl"),
            ("likec4", "model/model.c4"),
            ("backstage", "catalog-info.yaml"),
        ];
        for (format, file) in files {
            write(&written, file, &portolan(workspace, &["chart", "--format", format]));
        }
        write(&written, "report.xml", &portolan(workspace, &["check", "--format", "junit"]));
        run(Command::new("node").arg("read.mjs").arg(written.path()));
        run(Command::new("node").args(["node_modules/likec4/bin/likec4.mjs", "validate"]).arg(written.path().join("model")));
    }
}

/// A route stands where its own decorator does, whatever is said of the method before.
#[test]
fn a_route_stands_at_its_own_decorator() {
    let folder = tempfile::tempdir().unwrap();
    let package =
        r#"{"name": "orders", "main": "main.ts", "dependencies": {"@nestjs/common": "11", "@nestjs/core": "11", "@nestjs/swagger": "11"}}"#;
    write(&folder, "orders/package.json", package);
    write(&folder, "compose.yaml", "services:\n  orders: { build: ./orders }\n");
    let code = r#"import { Controller, Get, Module, Param } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ApiOperation } from "@nestjs/swagger";
@Controller("orders")
class OrdersController {
  @ApiOperation({ summary: "One order" })

  @Get(":id")
  show(@Param("id") id: string) {}
}
@Module({ controllers: [OrdersController] })
class AppModule {}
NestFactory.create(AppModule).then((app) => app.listen(3000));
"#;
    write(&folder, "orders/main.ts", code);
    let chart: Value = serde_json::from_str(&portolan(folder.path(), &["chart", "--format", "json"])).unwrap();
    let [endpoint] = chart["endpoints"].as_array().unwrap().as_slice() else { panic!("{chart}") };
    assert_eq!((endpoint["path"].as_str(), endpoint["line"].as_u64()), (Some("/orders/{id}"), Some(8)));
}
