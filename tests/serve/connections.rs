//! Many connections, their age, and what happens when there are no descriptors left.

use std::fs;
use std::net::TcpStream;

use crate::caller::{Caller, plain};
use crate::program::{Server, review};

const POD: &str = "021-mutating-create-pod.json";

/// How many connections this process can hold beside what else it needs.
fn can_hold(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    wanted.min(most.unwrap_or(256_usize).saturating_sub(150))
}

#[test]
fn a_thousand_idle_connections_do_not_keep_others_out() {
    let server = Server::start(&["--handshake-timeout", "1h", "--max-connections", "100"]);
    let mut before = server.caller();
    before.post("/validate", &review(POD));
    let mut idle: Vec<TcpStream> = Vec::new();
    for number in 0..can_hold(1000) {
        idle.push(plain(server.address));
        if number % 100 == 0 {
            before.post("/validate", &review(POD));
            server.caller().post("/mutate", &review(POD));
        }
    }
    before.post("/validate", &review(POD));
    server.caller().post("/mutate", &review(POD));
    assert!(server.metric("podgate_connections_open") <= 100.0);
    assert_eq!(server.metric("podgate_connections_rejected_total{reason=\"too-many\"}"), 0.0);
    if let Some(memory) = server.most_memory() {
        assert!(memory < 64 << 10, "{memory} KiB");
    }
}

#[test]
fn connections_on_which_calls_were_answered_are_never_closed_for_others() {
    let server = Server::start(&["--max-connections", "10"]);
    let mut used: Vec<Caller> = (0..10).map(|_| server.caller()).collect();
    for caller in &mut used {
        caller.post("/validate", &review(POD));
    }
    assert!(Caller::connect(server.address, &server.ca).is_err());
    assert_eq!(server.metric("podgate_connections_rejected_total{reason=\"too-many\"}"), 1.0);
    for caller in &mut used {
        caller.post("/validate", &review(POD));
    }
    drop(used.pop());
    while Caller::connect(server.address, &server.ca).is_err() {}
}

#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_the_used_connections_go_on_and_others_come_back() {
    let server = Server::start_with_descriptors(40, &["--handshake-timeout", "1h"]);
    let mut before = server.caller();
    before.post("/validate", &review(POD));
    let idle: Vec<TcpStream> = (0..100).map(|_| plain(server.address)).collect();
    server.logs("cannot be accepted");
    before.post("/validate", &review(POD));
    drop(idle);
    server.caller().post("/validate", &review(POD));
    before.post("/validate", &review(POD));
    assert!(server.metric("podgate_connections_rejected_total{reason=\"accept\"}") >= 1.0);
}

#[test]
fn an_old_connection_is_ended_by_an_answer() {
    let server = Server::start(&["--connection-age", "300ms"]);
    let mut caller = server.caller();
    let mut answered = 0;
    loop {
        let answer = caller.post("/validate", &review(POD));
        answered += 1;
        if answer.ends() {
            break;
        }
    }
    assert!(answered > 1);
    caller.ended();
}
