//! Templates of AWS SAM: the functions of a stack, the routes by which they are asked, the messages that they are handed, their environment.
//!
//! What else calls functions (timers, changes of files and rows) is not read, and of plain CloudFormation only what functions refer to. Invariant: a
//! template names no service, and a variable that functions set to different values has none.

use rustc_hash::FxHashMap;

use super::yaml::{self, Entry, Node, Templates};
use super::{FunctionMessages, FunctionRoute, Manifest, ManifestFacts, Process, Processes, Variable, cloudformation};
use crate::facts::{Spanned, Symbol};

const LABEL: &str = "SAM template";

const FUNCTION: &str = "AWS::Serverless::Function";

/// Whether a text may be a template with functions.
pub(super) fn looks_like_template(text: &str) -> bool {
    text.contains(FUNCTION)
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, LABEL, Templates::KeepVariables);
    let found = documents.first().map(|document| Template { document }.processes()).unwrap_or_default();
    ManifestFacts { manifest: Manifest::Processes(found), problems }
}

/// A template, and what its values refer to.
#[derive(Clone, Copy)]
struct Template<'a> {
    document: &'a Node,
}

impl<'a> Template<'a> {
    fn processes(self) -> Processes {
        Processes {
            processes: self.functions().filter_map(|function| self.process(function)).collect(),
            environment: self.environment(),
            ..Processes::default()
        }
    }

    fn resources(self) -> Option<&'a Node> {
        self.document.get("Resources")
    }

    fn functions(self) -> impl Iterator<Item = &'a Entry> {
        let all = self.resources().into_iter().flat_map(Node::entries);
        all.filter(|entry| entry.value.get("Type").and_then(Node::text).is_some_and(|sort| sort == FUNCTION))
    }

    /// What functions have in common.
    fn globals(self) -> Option<&'a Node> {
        self.document.at(&["Globals", "Function"])
    }

    /// A property of a function: its own, or that of all.
    fn property(self, function: &'a Entry, name: &str) -> Option<&'a Node> {
        function.value.at(&["Properties", name]).or_else(|| self.globals()?.get(name))
    }

    fn process(self, function: &'a Entry) -> Option<Process> {
        let handler = self.property(function, "Handler").and_then(|handler| self.value(handler))?;
        // `src/orders.create`: the file and what it exports.
        let (file, exported) = handler.rsplit_once('.')?;
        let folder = self.property(function, "CodeUri").and_then(|folder| self.value(folder)).unwrap_or_default();
        let folder = folder.trim_start_matches("./").trim_matches('/');
        let file = if matches!(folder, "" | ".") { file.to_owned() } else { format!("{folder}/{file}") };
        let events = || function.value.at(&["Properties", "Events"]).into_iter().flat_map(Node::entries);
        Some(Process {
            file: Some(file.trim_start_matches("./").into()),
            exported: Some(Symbol::new(exported)),
            routes: events().filter_map(|event| self.route(&event.value)).collect(),
            receives: events().flat_map(|event| self.received(&event.value)).collect(),
            ..Process::named(Spanned::new(function.key.value.clone(), function.key.range))
        })
    }

    /// The route by which an event asks a function.
    fn route(self, event: &Node) -> Option<FunctionRoute> {
        if !matches!(event.get("Type")?.text()?.as_str(), "Api" | "HttpApi") {
            return None;
        }
        let said = |name: &str| event.at(&["Properties", name]).and_then(|node| self.value(node));
        // One that says neither is asked for whatever no other is.
        let path = said("Path").unwrap_or_else(|| "/{proxy+}".into());
        Some(FunctionRoute::of_gateway(&said("Method").unwrap_or_else(|| "any".into()), &path))
    }

    /// The channels whose messages an event hands over.
    fn received(self, event: &Node) -> Vec<FunctionMessages> {
        let sort = event.get("Type").and_then(Node::text).unwrap_or_default();
        let (system, key) = match sort.as_str() {
            "SQS" => ("aws_sqs", "Queue"),
            "SNS" => ("aws.sns", "Topic"),
            "MSK" | "SelfManagedKafka" => ("kafka", "Topics"),
            "MQ" => ("rabbitmq", "Queues"),
            "EventBridgeRule" | "CloudWatchEvent" => return self.matched(event),
            _ => return Vec::new(),
        };
        let Some(named) = event.at(&["Properties", key]) else { return Vec::new() };
        let all = if named.items().is_empty() { std::slice::from_ref(named) } else { named.items() };
        let channels = all.iter().filter_map(|one| cloudformation::channel(one, self.resources(), &|text| self.filled(text)));
        channels.map(|channel| FunctionMessages { system: system.into(), channel }).collect()
    }

    /// The events that a rule of a bus lets through, as far as it names them.
    fn matched(self, event: &Node) -> Vec<FunctionMessages> {
        let types = event.at(&["Properties", "Pattern", "detail-type"]).map(Node::scalars).unwrap_or_default();
        let named = types.iter().filter_map(|name| self.filled(&name.value));
        named.map(|channel| FunctionMessages { system: "aws.eventbridge".into(), channel }).collect()
    }

    /// What all functions that set a variable set it to.
    fn environment(self) -> Vec<Variable> {
        let own = self.functions().filter_map(|function| function.value.get("Properties"));
        let variables = self.globals().into_iter().chain(own).filter_map(|of| of.at(&["Environment", "Variables"]));
        let mut found: Vec<Variable> = Vec::new();
        let mut places: FxHashMap<Symbol, usize> = FxHashMap::default();
        for entry in variables.flat_map(Node::entries) {
            let value = self.value(&entry.value);
            match places.get(&entry.key.value) {
                Some(at) if found[*at].value != value => found[*at].value = None,
                Some(_) => {}
                None => {
                    places.insert(entry.key.value.clone(), found.len());
                    found.push(Variable { name: entry.key.value.clone(), value, range: entry.range });
                }
            }
        }
        found
    }

    /// A text, or what the resource or parameter is called that a value refers to.
    fn value(self, node: &Node) -> Option<Symbol> {
        let parameter = cloudformation::referred(node).and_then(|id| self.parameter(&id));
        parameter.or_else(|| cloudformation::named(node, self.resources(), &|text| self.filled(text)))
    }

    /// What a parameter is unless somebody sets it.
    fn parameter(self, id: &str) -> Option<Symbol> {
        self.document.at(&["Parameters", id, "Default"])?.text()
    }

    /// A text with the parameters that it names, as `!Sub` fills them in; nothing where something else is named.
    fn filled(self, text: &str) -> Option<Symbol> {
        let mut parts = text.split("${");
        let mut filled = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            filled.push_str(&self.parameter(name.trim())?);
            filled.push_str(rest);
        }
        // `{{resolve:ssm:…}}` is decided where the stack is made.
        (!filled.contains("{{")).then(|| filled.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn processes(text: &str) -> Processes {
        match read(text).manifest {
            Manifest::Processes(found) => found,
            _ => panic!(),
        }
    }

    #[test]
    fn functions_have_routes_and_messages() {
        let found = processes(
            "Globals: { Function: { CodeUri: ./src/ } }\nResources:\n  Show:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: show.handler\n      Events:\n        Asked: { Type: Api, Properties: { Path: '/orders/{id}', Method: get } }\n        Rest: { Type: HttpApi }\n        Daily: { Type: Schedule, Properties: { Schedule: rate(1 day) } }\n  Pay:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: .\n      Handler: pay.handler\n      Events:\n        Queue: { Type: SQS, Properties: { Queue: !GetAtt Payments.Arn } }\n        Topic: { Type: SNS, Properties: { Topic: { Ref: News } } }\n        Bus: { Type: EventBridgeRule, Properties: { Pattern: { detail-type: [paid] } } }\n  Payments: { Type: AWS::SQS::Queue, Properties: { QueueName: payments } }\n  News: { Type: AWS::SNS::Topic }\n  Image: { Type: AWS::Serverless::Function, Properties: { PackageType: Image } }\n",
        );
        let lines: Vec<String> = found
            .processes
            .iter()
            .flat_map(|process| {
                let at = format!("{} {}", process.file.as_deref().unwrap_or_default(), process.exported.as_deref().unwrap_or_default());
                let routes = process.routes.iter().map(|route| format!("{} {}", route.method, route.path));
                let messages = process.receives.iter().map(|message| format!("{} {}", message.system, message.channel));
                std::iter::once(at).chain(routes).chain(messages)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "src/show handler",
                "GET /orders/{id}",
                "* /{proxy*}",
                "pay handler",
                "aws_sqs payments",
                "aws.sns News",
                "aws.eventbridge paid"
            ]
        );
    }

    #[test]
    fn a_variable_has_the_value_that_all_agree_on() {
        let found = processes(
            "Parameters: { Stock: { Default: 'http://stock' }, Stage: { Type: String } }\nGlobals: { Function: { Environment: { Variables: { STOCK_URL: !Ref Stock } } } }\nResources:\n  One: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { TABLE: a, PATH_OF: !Sub '${Stock}/all', STAGED: !Sub 'x-${Stage}' } } } }\n  Two: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { TABLE: b, SECRET: '{{resolve:ssm:key}}' } } } }\n",
        );
        let variables: Vec<_> = found.environment.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
        assert_eq!(
            variables,
            [
                ("STOCK_URL", Some("http://stock")),
                ("TABLE", None),
                ("PATH_OF", Some("http://stock/all")),
                ("STAGED", None),
                ("SECRET", None)
            ]
        );
    }
}
