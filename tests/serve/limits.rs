//! What a slow or greedy caller gets, with short time-outs. Every wait ends by what the server does.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::caller::{Caller, plain, post, until_end};
use crate::program::{Server, folder, review};

const POD: &str = "021-mutating-create-pod.json";

/// Takes all of its budget for a Pod of many containers.
const SLOW: &str = r#"
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: slow}
spec:
  mode: Enforce
  rules:
  - {name: pairs, require: {pod: "containers.all(a, containers.all(b, a.name != b.image))", message: never}}
"#;

/// The time-out under test; all others are long.
const SHORT: Duration = Duration::from_millis(400);

fn server(flag: &str) -> Server {
    let long = [
        "--handshake-timeout",
        "--first-byte-timeout",
        "--header-timeout",
        "--body-timeout",
        "--write-timeout",
        "--idle-timeout",
    ];
    let mut arguments: Vec<&str> = long.iter().filter(|name| **name != flag).flat_map(|name| [*name, "1h"]).collect();
    arguments.extend([flag, "400ms"]);
    Server::start(&arguments)
}

/// Does `wait`, which must take the time-out.
fn takes_the_time<T>(wait: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = wait();
    assert!(begin.elapsed() >= SHORT, "after {:?}", begin.elapsed());
    result
}

/// Sends pieces, each after the server had time to end the connection, until it has.
fn drip(caller: &mut Caller, piece: &[u8]) {
    caller.tcp().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for _ in 0..600 {
        if caller.send(piece).is_err() {
            return;
        }
        match caller.answer() {
            Ok(answer) => assert_eq!(answer.status, 408, "{answer:?}"),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => {}
        }
        return;
    }
    panic!("the connection stays open");
}

#[test]
fn a_silent_connection_is_closed() {
    let server = server("--handshake-timeout");
    takes_the_time(|| assert_eq!(until_end(&mut plain(server.address)), b""));
    server.until_metric("podgate_connections_rejected_total{reason=\"slow-handshake\"}", 1.0);
}

#[test]
fn half_a_client_hello_is_not_waited_for() {
    let server = server("--handshake-timeout");
    takes_the_time(|| {
        let mut stream = plain(server.address);
        std::io::Write::write_all(&mut stream, &[0x16, 3, 1, 2, 0, 1, 0, 1]).unwrap();
        until_end(&mut stream)
    });
}

#[test]
fn a_first_byte_is_not_waited_for() {
    let server = server("--first-byte-timeout");
    takes_the_time(|| server.caller().ended());
    server.until_metric("podgate_connections_rejected_total{reason=\"slow-headers\"}", 1.0);
}

#[test]
fn a_header_that_drips_or_stalls_is_not_waited_for() {
    let server = server("--header-timeout");
    let mut caller = server.caller();
    takes_the_time(|| drip(&mut caller, b"P"));
    let mut caller = server.caller();
    takes_the_time(|| {
        caller.send(b"POST /validate HTTP/1.1\r\nHost: x\r\nConte").unwrap();
        caller.ended();
    });
    server.until_metric("podgate_connections_rejected_total{reason=\"slow-headers\"}", 2.0);
    // Also the second header of a connection.
    let mut caller = server.caller();
    caller.post("/validate", &review(POD));
    takes_the_time(|| {
        caller.send(b"POST /validate HTTP/1.1\r\nHost: x\r\nConte").unwrap();
        caller.ended();
    });
}

#[test]
fn a_body_that_drips_or_stalls_is_told_so() {
    let server = server("--body-timeout");
    let body = review(POD);
    let request = post("/validate", &body);
    let (most, _) = request.split_at(request.len() - 1000);
    let mut caller = server.caller();
    let answer = takes_the_time(|| caller.ask(most).unwrap());
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(answer.ends());
    caller.ended();
    let mut caller = server.caller();
    takes_the_time(|| {
        caller.send(most).unwrap();
        drip(&mut caller, b" ");
    });
    server.until_metric("podgate_requests_refused_total{reason=\"slow-body\"}", 2.0);
}

#[test]
fn a_body_is_not_waited_for_longer_than_the_api_server_waits() {
    let server = Server::start(&["--body-timeout", "1h"]);
    let request = post("/validate?timeout=500ms", &review(POD));
    let (most, _) = request.split_at(request.len() - 1000);
    let mut caller = server.caller();
    caller.send(most).unwrap();
    assert_eq!(caller.answer().unwrap().status, 408);
}

#[test]
fn an_idle_connection_is_closed_at_last_and_a_used_one_is_not() {
    let server = server("--idle-timeout");
    let mut caller = server.caller();
    let begin = Instant::now();
    while begin.elapsed() < SHORT * 2 {
        caller.post("/validate", &review(POD));
    }
    takes_the_time(|| {
        caller.post("/validate", &review(POD));
        caller.ended();
    });
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let server = server("--write-timeout");
    let mut caller = server.caller();
    let requests = post("/validate", &review(POD)).repeat(64);
    // The server stops to read while its answers are not taken, and then closes.
    while caller.send(&requests).is_ok() {}
    let open = || server.metric("podgate_connections_open");
    let begin = Instant::now();
    while open() > 0.0 {
        assert!(begin.elapsed() < crate::caller::LONG);
    }
}

#[test]
fn a_body_that_ends_early_leaves_nothing_behind() {
    let server = Server::start(&[]);
    let request = post("/validate", &review(POD));
    for _ in 0..20 {
        let mut caller = server.caller();
        caller.send(&request[..request.len() - 10]).unwrap();
        caller.tcp().shutdown(Shutdown::Write).unwrap();
        until_end(&mut caller.tcp());
    }
    server.until_metric("podgate_requests_refused_total{reason=\"aborted\"}", 20.0);
    assert_eq!(server.metric("podgate_in_flight_requests"), 0.0);
    assert_eq!(server.metric("podgate_in_flight_bytes"), 0.0);
    server.caller().post("/validate", &review(POD));
}

/// Whether it is answered depends on which comes first.
#[test]
fn a_caller_that_listens_on_but_speaks_no_more_leaves_nothing_behind() {
    let server = Server::start(&[]);
    for _ in 0..20 {
        let mut caller = server.caller();
        caller.send(&post("/validate", &review(POD))).unwrap();
        caller.tcp().shutdown(Shutdown::Write).unwrap();
        until_end(&mut caller.tcp());
    }
    server.caller().post("/validate", &review(POD));
    let open = || server.metric("podgate_connections_open");
    let begin = Instant::now();
    while open() > 0.0 {
        assert!(begin.elapsed() < crate::caller::LONG);
    }
    assert_eq!(server.metric("podgate_in_flight_requests"), 0.0);
}

#[test]
fn too_much_in_flight_is_told_to_come_back() {
    let server = Server::start(&["--max-bytes-in-flight", "100Ki", "--max-calls-in-flight", "3"]);
    let hold = |length: usize| {
        let mut caller = server.caller();
        let head = "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ";
        caller.send(format!("{head}{length}\r\n\r\n").as_bytes()).unwrap();
        caller
    };
    let busy = |mut caller: Caller| {
        let answer = caller.ask(&post("/validate", &review(POD))).unwrap();
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.head.contains("retry-after: 1"), "{answer:?}");
        assert!(answer.ends());
    };
    // By the length that is said, before a byte of it is there.
    let large = hold(101_000);
    server.until_metric("podgate_in_flight_requests", 1.0);
    busy(server.caller());
    drop(large);
    server.until_metric("podgate_requests_refused_total{reason=\"aborted\"}", 1.0);
    server.caller().post("/validate", &review(POD));
    let small = [hold(10), hold(10), hold(10)];
    server.until_metric("podgate_in_flight_requests", 3.0);
    busy(server.caller());
    drop(small);
    server.until_metric("podgate_requests_refused_total{reason=\"aborted\"}", 4.0);
    server.caller().post("/validate", &review(POD));
    assert_eq!(server.metric("podgate_requests_refused_total{reason=\"busy\"}"), 2.0);
}

/// The judging of a body cannot be broken off, so whoever hangs up must not be able to start one after the other.
#[test]
fn a_caller_that_left_counts_until_its_review_is_judged() {
    let path = folder().join("slow.yaml");
    std::fs::write(&path, SLOW).unwrap();
    let server = Server::start(&["-p", path.to_str().unwrap(), "--max-calls-in-flight", "1"]);
    let containers: Vec<_> = (0..2500).map(|number| format!(r#"{{"name":"c{number}","image":"nginx:1"}}"#)).collect();
    let body = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE",
        "namespace":"shop","name":"p","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1",
        "resource":"pods"}},"object":{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":[{}]}}}}}}}}"#,
        containers.join(",")
    );
    let counts = || {
        let (_, text) = server.get("/metrics");
        ["podgate_requests_refused_total{reason=\"aborted\"} ", "podgate_in_flight_requests "]
            .map(|series| text.lines().find_map(|line| line.strip_prefix(series)).unwrap().parse::<u32>().unwrap())
    };
    // Where this machine does something else for longer than the judging takes, it says nothing; then once more.
    let was_seen = (0..50).any(|_| {
        while counts()[1] > 0 {}
        let [before, _] = counts();
        let mut caller = server.caller();
        caller.send(&post("/validate", body.as_bytes())).unwrap();
        while counts()[1] == 0 {}
        drop(caller);
        let [aborted, in_flight] = loop {
            let now = counts();
            if now[0] > before || now[1] == 0 {
                break now;
            }
        };
        aborted > before
            && in_flight == 1
            && server.caller().ask(&post("/validate", &review(POD))).unwrap().status == 503
    });
    assert!(was_seen);
    while counts()[1] > 0 {}
    server.caller().post("/validate", &review(POD));
}

#[test]
fn bodies_full_of_nothing_do_not_take_the_memory() {
    let server = Server::start(&[]);
    let unit = |piece: &str| [b"[", piece.repeat((6 << 20) / piece.len()).as_bytes(), b"0]"].concat();
    let whole = |object: &[u8]| {
        let head = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","object":{"x":"#;
        [head, object, b"}}}"].concat()
    };
    for piece in ["[0],", "{},", "0,"] {
        let body = whole(&unit(piece));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let answer = server.caller().ask(&post("/validate", &body)).unwrap();
                    let is_denied = answer.status == 200 && answer.json()["response"]["allowed"] == false;
                    assert!(is_denied || answer.status == 503, "{answer:?}");
                });
            }
        });
    }
    server.caller().post("/validate", &review(POD));
    if let Some(memory) = server.most_memory() {
        assert!(memory < 64 << 10, "{memory} KiB");
    }
}
