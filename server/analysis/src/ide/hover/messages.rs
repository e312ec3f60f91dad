//! What a hover says about the two ends of a channel.

use portolan_grammars::catalog::Delivery;
use portolan_grammars::facts::Symbol;

use super::super::markdown::{code, escape};
use super::{Writer, keys};
use crate::chart::ChannelEnd;
use crate::chart::index::EndRef;
use crate::chart::operation::{Operation, Root};
use crate::letters::{Refused, refused};

impl Writer<'_> {
    pub(super) fn producer(&mut self, end: EndRef) {
        let channel = self.snapshot.chart.channel(end.channel);
        self.page.paragraph(&format!("Sends to {} ({})", code(&channel.name), escape(&channel.system)));
        let producer = end.producer(&self.snapshot.chart);
        self.conditions(producer.service, producer.place);
        self.says(producer.payload.as_ref());
        let consumers = self.by_service(channel.consumers.iter().map(|end| (end.service, end.place)));
        if consumers.is_empty() {
            self.page.paragraph("Nobody in this workspace is known to receive it");
        }
        self.page.list("Received by", &consumers);
        self.fate(&channel.consumers.iter().collect::<Vec<_>>());
        self.others("Also sent by", &channel.producers, end);
    }

    pub(super) fn consumer(&mut self, end: EndRef) {
        let chart = &self.snapshot.chart;
        let channel = chart.channel(end.channel);
        let consumer = end.consumer(chart);
        self.page.paragraph(&format!("Receives from {} ({})", code(&channel.name), escape(&channel.system)));
        self.conditions(consumer.service, consumer.place);
        let producers = self.by_service(channel.producers.iter().map(|end| (end.service, end.place)));
        if producers.is_empty() {
            self.page.paragraph("Nobody in this workspace is known to send it");
        }
        self.page.list("Sent by", &producers);
        self.fate(&[consumer]);
        match refused(self.snapshot, channel, consumer) {
            Some(Refused::Gone) => self.page.paragraph("What is refused is gone, unless a policy of the broker keeps it"),
            Some(Refused::Back) => self.page.paragraph("What is refused goes back into the queue, and comes again"),
            None => {}
        }
        let mut payloads: Vec<_> = channel.producers.iter().map(|end| end.payload.as_ref()).collect();
        payloads.dedup();
        if let [same] = payloads.as_slice() {
            self.says(*same);
        }
        self.others("Also received by", &channel.consumers, end);
        self.operation(&Operation::of_root(chart, &self.snapshot.index, Root::Consumer(end)));
        self.coverage("Traced", "No span", &consumer.coverage, consumer.service);
    }

    /// How often messages are handed over to those who receive them, if to all alike, and where those go that are refused.
    fn fate(&mut self, consumers: &[&ChannelEnd]) {
        let mut deliveries: Vec<Option<Delivery>> = consumers.iter().map(|end| end.delivery).collect();
        deliveries.dedup();
        match deliveries.as_slice() {
            [Some(Delivery::AtLeastOnce)] => self.page.paragraph("Delivered at least once: a message may come twice"),
            [Some(Delivery::AtMostOnce)] => self.page.paragraph("Delivered at most once: what fails does not come again"),
            _ => {}
        }
        let mut letters: Vec<String> = Vec::new();
        for (name, place) in consumers.iter().filter_map(|end| end.dead_letter.as_ref()) {
            let letter = format!("{} {}", code(name), self.page.link(*place));
            if !letters.contains(&letter) {
                letters.push(letter);
            }
        }
        if !letters.is_empty() {
            self.page.paragraph(&format!("What is refused goes to {}", letters.join(", ")));
        }
    }

    fn says(&mut self, payload: Option<&Vec<Symbol>>) {
        if let Some(sent) = payload {
            self.page.paragraph(&format!("As JSON, with {}", keys(sent.iter())));
        }
    }

    fn others(&mut self, heading: &str, ends: &[ChannelEnd], this: EndRef) {
        let others = ends.iter().enumerate().filter(|(position, _)| *position != this.end as usize);
        let others = self.by_service(others.map(|(_, end)| (end.service, end.place)));
        self.page.list(heading, &others);
    }
}
