//! How podgate goes while it is being called.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::caller::{Caller, post};
use crate::program::{Server, review};

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
