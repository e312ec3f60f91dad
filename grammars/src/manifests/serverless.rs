//! `serverless.yml` of the Serverless Framework: a service, the functions it is made of, the routes by which they are asked, the messages that they
//! are handed, their environment.
//!
//! What else calls functions (timers, changes of files and rows) is not read. Invariant: a function counts whose handler names a file of its own.

use super::yaml::{self, Entry, Node, Templates};
use super::{FunctionMessages, FunctionRoute, Manifest, ManifestFacts, Process, Processes, Variable, cloudformation};
use crate::facts::{Spanned, Symbol};

const LABEL: &str = "serverless configuration";

/// References within references that are filled in, and how many of one text.
const MAX_REFERENCES: usize = 24;

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "serverless.yml" | "serverless.yaml")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, LABEL, Templates::KeepVariables);
    let mut found = Processes::default();
    if let Some(document) = documents.first() {
        found.service = document.get("service").and_then(|service| service.get("name").unwrap_or(service).spanned());
        found.service.take_if(|name| name.value.contains('$'));
        // A list has functions of several files, each a map.
        let parts = document.get("functions").into_iter().flat_map(|node| std::iter::once(node).chain(node.items()));
        let parts: Vec<&Node> = parts.collect();
        found.included.extend(parts.iter().filter_map(|part| included(&part.text()?)));
        let functions = || parts.iter().flat_map(|part| part.entries());
        found.processes.extend(functions().filter_map(|entry| function(entry, document)));
        let own = functions().filter_map(|entry| entry.value.get("environment"));
        let environments = document.at(&["provider", "environment"]).into_iter().chain(own);
        for entry in environments.flat_map(Node::entries) {
            let value = cloudformation::named(&entry.value, resources(document), &|text| filled(text, document));
            found.environment.extend(value.map(|value| Variable { name: entry.key.value.clone(), value: Some(value), range: entry.range }));
        }
    }
    ManifestFacts { manifest: Manifest::Processes(found), problems }
}

/// Whether a text may be a file of functions that a configuration includes.
pub(super) fn looks_like_functions(text: &str) -> bool {
    text.contains("handler:") && text.contains("events:") && !text.contains("service:")
}

/// Functions that a configuration includes: the file says nothing of whose they are.
pub(super) fn read_functions(text: &str) -> ManifestFacts {
    let (documents, _) = yaml::read(text, LABEL, Templates::KeepVariables);
    let mut found = Processes { is_part: true, ..Processes::default() };
    if let Some(document) = documents.first() {
        found.processes.extend(document.entries().iter().filter_map(|entry| function(entry, document)));
    }
    ManifestFacts { manifest: Manifest::Processes(found), problems: Vec::new() }
}

/// `./functions.yml` of `${file(./functions.yml)}`.
fn included(text: &str) -> Option<Symbol> {
    let path = text.strip_prefix("${file(")?.split_once(')')?.0.trim();
    (!path.contains('$')).then(|| Symbol::new(path))
}

fn function(entry: &Entry, document: &Node) -> Option<Process> {
    let handler = entry.value.get("handler").and_then(Node::text)?;
    // `src/orders.create`: the file and what it exports.
    let (file, exported) = handler.rsplit_once('.')?;
    if file.is_empty() || file.contains(['$', '{']) {
        return None;
    }
    Some(Process {
        file: Some(Symbol::new(file.trim_start_matches("./"))),
        exported: Some(Symbol::new(exported)),
        routes: entry.value.list("events").iter().filter_map(|event| route(event, document)).collect(),
        receives: entry.value.list("events").iter().flat_map(|event| received(event, document)).collect(),
        ..Process::named(Spanned::new(entry.key.value.clone(), entry.key.range))
    })
}

/// The route by which requests come to a function: `http: GET orders/{id}`, `httpApi: { method: GET, path: /orders }`.
fn route(event: &Node, document: &Node) -> Option<FunctionRoute> {
    let node = ["http", "httpApi"].iter().find_map(|kind| event.get(kind))?;
    let (method, path) = match node.text() {
        Some(text) if text == "*" => ("*".into(), "{proxy+}".into()),
        Some(text) => text.split_once(' ').map(|(method, path)| (Symbol::new(method), Symbol::new(path.trim())))?,
        None => (node.get("method")?.text()?, node.get("path").and_then(Node::text).unwrap_or_default()),
    };
    Some(FunctionRoute::of_gateway(&method, &filled(&path, document)?))
}

/// The resources that a configuration declares; those of several files are a list of maps.
fn resources(document: &Node) -> Option<&Node> {
    document.at(&["resources", "Resources"])
}

/// The channels whose messages a function is handed: `sqs: arn`, `sns: { topicName: orders }`, `eventBridge: { pattern: { detail-type: [created] } }`.
fn received(event: &Node, document: &Node) -> Vec<FunctionMessages> {
    let Some(entry) = event.entries().first() else { return Vec::new() };
    let (system, keys): (_, &[&str]) = match entry.key.value.as_str() {
        "sqs" => ("aws_sqs", &["arn", "queueName"]),
        "sns" => ("aws.sns", &["topicName", "arn"]),
        "kafka" | "msk" => ("kafka", &["topics", "topic"]),
        "rabbitmq" => ("rabbitmq", &["queue"]),
        "eventBridge" => return matched(&entry.value, document),
        _ => return Vec::new(),
    };
    let fill = |text: &str| filled(text, document);
    let named = keys.iter().find_map(|key| entry.value.get(key)).unwrap_or(&entry.value);
    let all = if named.items().is_empty() { std::slice::from_ref(named) } else { named.items() };
    let channels = all.iter().filter_map(|one| cloudformation::channel(one, resources(document), &fill));
    channels.map(|channel| FunctionMessages { system: system.into(), channel }).collect()
}

/// The events that a rule of a bus lets through, by what they are: the types of their details, as far as it names them.
fn matched(rule: &Node, document: &Node) -> Vec<FunctionMessages> {
    let types = rule.at(&["pattern", "detail-type"]).map(Node::scalars).unwrap_or_default();
    let named = types.iter().filter_map(|name| filled(&name.value, document));
    named.map(|channel| FunctionMessages { system: "aws.eventbridge".into(), channel }).collect()
}

/// A text with what it refers to within the file: `${self:custom.table}`, `${opt:stage, 'dev'}`; nothing where something else decides it.
fn filled(text: &str, document: &Node) -> Option<Symbol> {
    let mut text = text.to_owned();
    for _ in 0..MAX_REFERENCES {
        let Some(start) = text.rfind("${") else { return Some(text.into()) };
        let end = start + text[start..].find('}')?;
        let value = text[start + 2..end].split(',').find_map(|choice| referred(choice.trim(), document))?;
        text.replace_range(start..=end, &value);
    }
    None
}

fn referred(reference: &str, document: &Node) -> Option<Symbol> {
    if let Some(literal) = reference.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"'])) {
        return Some(Symbol::new(literal));
    }
    let path = match reference {
        "sls:stage" => "provider.stage",
        reference => reference.strip_prefix("self:")?,
    };
    document.at(&path.split('.').collect::<Vec<_>>())?.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in() {
        let text = "service: a\nprovider:\n  stage: ${opt:stage, 'dev'}\n  environment:\n    TABLE: ${self:custom.table}\n    URL: ${ssm:/url}\ncustom:\n  table: orders-${self:provider.stage}\n";
        let Manifest::Processes(found) = read(text).manifest else { panic!() };
        let variables: Vec<_> = found.environment.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
        assert_eq!(variables, [("TABLE", Some("orders-dev"))]);
    }

    #[test]
    fn resources_are_called_what_they_call_themselves() {
        let text = "service: a\nprovider:\n  environment:\n    TABLE: !Ref Orders\n    QUEUE: { Ref: Mails }\n    TOPIC: { 'Fn::GetAtt': [News, TopicArn] }\n    HOST: Orders.example.com\n    ARN: !GetAtt Mails.Arn\nfunctions:\n  one:\n    handler: a.one\n    events:\n      - sqs: { arn: !GetAtt Mails.Arn }\n      - sqs: 'arn:aws:sqs:eu:1:carts'\n      - sns: news\n      - eventBridge: { pattern: { source: [shop], detail-type: [created, paid] } }\n      - eventBridge: { schedule: rate(1 day) }\n      - schedule: rate(1 day)\n      - stream: { type: dynamodb, arn: x }\nresources:\n  Resources:\n    Orders: { Properties: { TableName: 'orders-${self:service}' } }\n    Mails: { Properties: {} }\n";
        let Manifest::Processes(found) = read(text).manifest else { panic!() };
        let variables: Vec<_> = found.environment.iter().filter_map(|variable| variable.value.as_deref()).collect();
        assert_eq!(variables, ["orders-a", "Mails", "News", "Orders.example.com", "Mails"]);
        let received: Vec<String> =
            found.processes[0].receives.iter().map(|message| format!("{} {}", message.system, message.channel)).collect();
        assert_eq!(received, ["aws_sqs Mails", "aws_sqs carts", "aws.sns news", "aws.eventbridge created", "aws.eventbridge paid"]);
    }

    #[test]
    fn functions_are_in_files() {
        let read = |text: &str| match read(text).manifest {
            Manifest::Processes(found) => found,
            _ => panic!(),
        };
        let plain = read(
            "service: orders\nprovider: { name: aws }\nfunctions:\n  create:\n    handler: src/orders.create\n    events: [{ httpApi: 'POST /orders' }]\n  image: { image: orders }\n",
        );
        assert_eq!(plain.service.map(|name| name.value), Some("orders".into()));
        let files: Vec<_> = plain.processes.iter().map(|process| (process.name.value.as_str(), process.file.as_deref())).collect();
        assert_eq!(files, [("create", Some("src/orders"))]);
        let listed = read("service: { name: mail }\nfunctions:\n  - send: { handler: ./mail.send }\n  - ${file(more.yml)}\n");
        assert_eq!((listed.service.map(|name| name.value), listed.processes.len()), (Some("mail".into()), 1));
        assert_eq!(read("service: ${self:custom.name}\n").service, None);
        assert_eq!(listed.included, ["more.yml"]);
        let routes = |text: &str| -> Vec<String> {
            let Manifest::Processes(found) = read_functions(text).manifest else { panic!() };
            let all = found.processes.iter().flat_map(|process| &process.routes);
            all.map(|route| format!("{} {}", route.method, route.path)).collect()
        };
        let text = "one:\n  handler: a.one\n  events:\n    - http: { path: 'orders/{id}', method: get }\n    - httpApi: POST /orders\n    - httpApi: '*'\n    - sqs: x\n";
        assert_eq!(routes(text), ["GET /orders/{id}", "POST /orders", "* /{proxy*}"]);
    }
}
