//! Tests of the runner: `report` from samples to tables and pages and from the command line to its errors, `page` as
//! a browser shows it.

mod page;
mod report;

use ungil_benches::record::{Latency, Machine, Measured, Record, Runner, Settings};

/// A runner whose version has a character that HTML must not have.
fn runner(name: &str) -> Runner {
    Runner {
        name: name.to_owned(),
        command: vec![name.to_owned()],
        version: "3.14 <x>".to_owned(),
        header_bytes: Some(16),
    }
}

/// A record without samples.
fn record(names: &[&str]) -> Record {
    let machine = Machine { cpu: "a <cpu>".to_owned(), cores: 2, ..Machine::default() };
    let mut record = Record::new("2026-01-31 12:00:00".to_owned(), machine, Settings::usual());
    record.runners = names.iter().map(|name| runner(name)).collect();
    record
}

/// What a program of the second clause tells.
fn measured(seconds: f64, throughput: f64, p99: u64) -> Measured {
    let latency =
        Latency { p50: 1000, p90: 2000, p99, p999: p99, max: p99, histogram: vec![(1024, 90), (p99, 10)] };
    Measured {
        seconds,
        cpu_seconds: None,
        result: None,
        operations: Some(100),
        throughput: Some(throughput),
        cpu_rate: None,
        latency: Some(latency),
    }
}
