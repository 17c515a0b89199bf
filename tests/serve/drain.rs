//! How podgate goes while it is being called.

use std::fs;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::caller::{Caller, post};
use crate::certificates::Authority;
use crate::program::{Server, folder, review};

const POD: &str = "021-mutating-create-pod.json";

#[test]
fn no_call_fails_while_it_goes() {
    let mut server = Server::start(&["--drain-delay", "1s", "--drain-timeout", "20s"]);
    let request = post("/validate?timeout=5s", &review(POD));
    let (address, ca) = (server.address, server.ca.clone());
    let is_going = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // As the API server does: one connection is kept, until an answer ends it. In a cluster a new one would go
                // to another replica; here there is none, so the port that is closed is the end.
                while let Ok(mut caller) = Caller::connect(address, &ca) {
                    loop {
                        let answer = match caller.ask(&request) {
                            Ok(answer) => answer,
                            Err(error) => panic!("a call failed: {error}"),
                        };
                        assert_eq!(answer.status, 200);
                        answered.fetch_add(1, Ordering::Relaxed);
                        if answer.ends() {
                            assert!(is_going.load(Ordering::Relaxed));
                            break;
                        }
                    }
                }
                assert!(is_going.load(Ordering::Relaxed));
            });
        }
        while answered.load(Ordering::Relaxed) < 100 {
            thread::yield_now();
        }
        is_going.store(true, Ordering::Relaxed);
        server.terminate();
        server.logs("going");
        assert_eq!(server.get("/livez").0, 200);
        let (status, text) = server.get("/readyz");
        assert_eq!((status, text.contains("[-]serving")), (503, true), "{text}");
    });
    assert!(server.ended().success());
    server.logs("every call answered");
}

/// Whoever has not heard yet that podgate goes still sends new connections to it.
#[test]
fn not_being_ready_comes_first_and_new_connections_are_served_for_the_delay() {
    let server = Server::start(&["--drain-delay", "1h"]);
    assert_eq!(server.get("/readyz").0, 200);
    server.terminate();
    server.logs("going");
    assert_eq!(server.get("/readyz").0, 503);
    for _ in 0..3 {
        let mut caller = server.caller();
        assert!(caller.post("/validate", &review(POD)).ends());
        caller.ended();
    }
}

#[test]
fn new_connections_are_refused_after_the_delay_and_no_moment_earlier() {
    let delay = Duration::from_millis(700);
    let server = Server::start(&["--drain-delay", "700ms", "--drain-timeout", "1h"]);
    let mut open = server.caller();
    open.post("/validate", &review(POD));
    let start = Instant::now();
    server.terminate();
    server.logs("going");
    let mut served = 0;
    while let Ok(mut caller) = Caller::connect(server.address, &server.ca) {
        caller.post("/validate", &review(POD));
        served += 1;
    }
    assert!(start.elapsed() >= delay, "refused after {:?}, {served} were served", start.elapsed());
    assert!(served > 0);
    // What was open before is still served.
    assert!(open.post("/validate", &review(POD)).ends());
}

#[test]
fn a_call_that_is_being_read_is_answered_though_all_time_is_over() {
    let (authority, files) = (Authority::new(), folder());
    let issued = authority.server();
    fs::write(files.join("tls.crt"), &issued.chain).unwrap();
    fs::write(files.join("tls.key"), &issued.key).unwrap();
    let mut server =
        Server::start_with_certificate(&files, &authority.pem, &["--drain-delay", "0s", "--drain-timeout", "0s"]);
    let (mut idle, mut busy) = (server.caller(), server.caller());
    idle.post("/validate", &review(POD));
    let request = post("/validate", &review(POD));
    let (first, rest) = request.split_at(request.len() / 2);
    busy.send(first).unwrap();
    server.until_metric("podgate_in_flight_requests", 1.0);
    server.terminate();
    // The time of connections that nobody uses is over.
    idle.ended();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(300) {
        assert!(server.runs(), "it does not wait for the call");
    }
    busy.send(rest).unwrap();
    let answer = busy.answer().unwrap();
    assert!(answer.status == 200 && answer.ends(), "{answer:?}");
    assert!(server.ended().success());
}

#[test]
fn an_idle_connection_is_left_alone_until_the_last_moment() {
    let mut server = Server::start(&["--drain-delay", "0s", "--drain-timeout", "20s"]);
    let mut idle = server.caller();
    idle.post("/validate", &review(POD));
    server.terminate();
    server.logs("going");
    // Its next answer ends it, and with it the server, long before the time is over.
    let answer = idle.post("/validate", &review(POD));
    assert!(answer.ends());
    idle.ended();
    assert!(server.ended().success());
}

/// As the API server does with one that it has not used for 90 seconds.
#[test]
fn the_end_comes_as_soon_as_the_last_caller_lets_go() {
    let mut server = Server::start(&["--drain-delay", "0s", "--drain-timeout", "1h"]);
    let mut idle = server.caller();
    idle.post("/validate", &review(POD));
    server.terminate();
    server.logs("going");
    assert!(server.runs());
    drop(idle);
    server.logs("every call answered");
    assert!(server.ended().success());
}

#[test]
fn connections_that_nobody_uses_end_with_the_time() {
    let mut server = Server::start(&["--drain-delay", "0s", "--drain-timeout", "300ms"]);
    let mut idle = server.caller();
    idle.post("/validate", &review(POD));
    server.terminate();
    idle.ended();
    assert!(server.ended().success());
}

#[test]
fn a_second_signal_insists() {
    let mut server = Server::start(&["--drain-delay", "1h"]);
    server.terminate();
    server.logs("going");
    assert!(server.runs());
    server.terminate();
    assert!(server.ended().success());
    assert_eq!(Caller::connect(server.address, &server.ca).err().unwrap().kind(), ErrorKind::ConnectionRefused);
}
