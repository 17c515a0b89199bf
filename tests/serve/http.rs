//! What is no call of a webhook, byte by byte. Beside each, a well-behaved caller is served.

use crate::caller::{post, until_end};
use crate::program::{Server, review};

const POD: &str = "021-mutating-create-pod.json";

/// A request line and headers, with the lines that every call needs.
fn head(line: &str, headers: &[&str]) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("{line} HTTP/1.1\r\nHost: podgate\r\n{headers}\r\n")
}

#[test]
fn each_malformed_request_has_its_status_and_ends_the_connection() {
    let server = Server::start(&[]);
    let mut good = server.caller();
    let json = "Content-Type: application/json";
    let call = "POST /validate";
    let chunked = &[json, "Transfer-Encoding: chunked"];
    let many: Vec<String> = (0..101).map(|number| format!("X-{number}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let large = format!("X: {}", "y".repeat(500_000));
    // One that barely does not fit is 414 or 431, by how its bytes arrive.
    let long = format!("POST /{}", "y".repeat(500_000));
    let cases: &[(&str, String, u16)] = &[
        ("a path that is not there", head("POST /", &[json, "Content-Length: 0"]), 404),
        ("the paths of the plain port", head("GET /metrics", &[]), 404),
        ("GET", head("GET /validate", &[]), 405),
        ("PUT", head("PUT /validate", &[json, "Content-Length: 0"]), 405),
        ("DELETE", head("DELETE /mutate", &[]), 405),
        ("a method that nobody knows", head("BREW /validate", &[]), 405),
        ("no type", head(call, &["Content-Length: 2"]), 415),
        ("text", head(call, &["Content-Type: text/plain", "Content-Length: 2"]), 415),
        ("two types", head(call, &[json, "Content-Type: text/plain", "Content-Length: 2"]), 415),
        ("gzip", head(call, &[json, "Content-Encoding: gzip", "Content-Length: 2"]), 415),
        ("a body that is too large", head(call, &[json, "Content-Length: 8388608"]), 413),
        ("the same, asking first", head(call, &[json, "Content-Length: 8388608", "Expect: 100-continue"]), 413),
        ("two lengths", head(call, &[json, "Content-Length: 2", "Content-Length: 3"]), 400),
        ("a length with a sign", head(call, &[json, "Content-Length: +2"]), 400),
        ("a length without end", head(call, &[json, "Content-Length: 99999999999999999999999"]), 400),
        ("a length and chunks", head(call, &[json, "Content-Length: 4", "Transfer-Encoding: chunked"]), 400),
        ("chunks and a length", head(call, &[json, "Transfer-Encoding: chunked", "Content-Length: 4"]), 400),
        ("a space before the colon", head(call, &[json, "Content-Length : 2"]), 400),
        ("a header over two lines", head(call, &[json, "X: a", " b", "Content-Length: 0"]), 400),
        ("an encoding that is not chunked at its end", head(call, &[json, "Transfer-Encoding: chunked, gzip"]), 400),
        ("no encoding that anybody knows", head(call, &[json, "Transfer-Encoding: identity"]), 400),
        ("a chunk without end", head(call, chunked) + "ffffffffffffffffff\r\n", 400),
        ("a chunk of no size", head(call, chunked) + "-1\r\nx\r\n", 400),
        ("no host", format!("POST /validate HTTP/1.1\r\n{json}\r\nContent-Length: 0\r\n\r\n"), 400),
        ("NUL in a header", head(call, &[json, "X: a\0b", "Content-Length: 0"]), 400),
        ("CR in a header", head(call, &[json, "X: a\rb", "Content-Length: 0"]), 400),
        ("101 headers", head(call, &many), 431),
        ("a header of 500 KB", head(call, &[&large]), 431),
        ("a path of 500 KB", head(&long, &[]), 431),
        ("a path and a query of 500 KB", head(&format!("POST /validate?{}", "y".repeat(500_000)), &[]), 431),
    ];
    for (what, request, status) in cases {
        let mut caller = server.caller();
        // A server that has seen enough does not read the rest.
        let _ = caller.send(request.as_bytes());
        let answer = caller.answer().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer.status, *status, "{what}: {answer:?}");
        assert!(answer.ends(), "{what}: {answer:?}");
        caller.ended();
        good.post("/validate", &review(POD));
    }
    assert_eq!(server.metric("podgate_in_flight_requests"), 0.0);
}

#[test]
fn a_type_may_have_parameters_and_any_case() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    let body = review(POD);
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"] {
        let length = format!("Content-Length: {}", body.len());
        let request = head("POST /mutate?timeout=5s", &[&format!("content-type: {kind}"), &length]);
        let answer = caller.ask(&[request.as_bytes(), &body].concat()).unwrap();
        assert_eq!(answer.status, 200, "{kind}: {answer:?}");
    }
}

#[test]
fn any_timeout_is_taken() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    for query in ["", "?timeout=", "?timeout=0", "?timeout=-1", "?timeout=1e9", "?timeout=5s", "?timeout=abc"] {
        caller.post(&format!("/validate{query}"), &review(POD));
    }
    caller.post("/validate?timeout=5s&timeout=1s", &review(POD));
}

#[test]
fn chunks_are_read_and_end_the_connection() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    let body = review(POD);
    let head = head("POST /validate", &["Content-Type: application/json", "Transfer-Encoding: chunked"]);
    caller.send(head.as_bytes()).unwrap();
    for piece in body.chunks(700) {
        caller.send(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
        caller.send(piece).unwrap();
        caller.send(b"\r\n").unwrap();
    }
    let answer = caller.ask(b"0\r\n\r\n").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.ends());
    assert_eq!(answer.body, server.caller().post("/validate", &body).body);
}

#[test]
fn chunks_without_end_are_too_large() {
    let server = Server::start(&["--max-body", "256Ki", "--body-timeout", "1s"]);
    let mut caller = server.caller();
    let head = head("POST /validate", &["Content-Type: application/json", "Transfer-Encoding: chunked"]);
    caller.send(head.as_bytes()).unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 8192, " ".repeat(8192));
    for _ in 0..128 {
        caller.send(chunk.as_bytes()).unwrap();
    }
    let answer = caller.answer().unwrap();
    assert!(answer.ends());
    // It would not end by itself.
    while caller.send(chunk.as_bytes()).is_ok() {}
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(server.metric("podgate_in_flight_bytes"), 0.0);
}

#[test]
fn two_requests_at_once_have_two_answers_in_their_order() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    let names = ["021-mutating-create-pod.json", "003-mutating-create-deployment.json"];
    let [first, second] = names.map(review);
    caller.send(&[post("/mutate", &first), post("/mutate", &second)].concat()).unwrap();
    for body in [first, second] {
        let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let answer = caller.answer().unwrap();
        assert_eq!(answer.json()["response"]["uid"], asked["request"]["uid"]);
    }
}

#[test]
fn http_2_is_not_spoken() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    // A refusal in HTTP/1.1, or nothing: not a frame of HTTP/2.
    if let Ok(answer) = caller.answer() {
        assert_eq!(answer.status, 400);
    }
    let length = "Content-Length: 2";
    let upgrade = ["Content-Type: text/plain", length, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"];
    let answer = server.caller().ask(head("POST /validate", &upgrade).as_bytes()).unwrap();
    assert_eq!(answer.status, 415);
    // Who may be answered is answered in HTTP/1.1.
    let body = review(POD);
    let length = format!("Content-Length: {}", body.len());
    let upgrade = ["Content-Type: application/json", &length, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"];
    let request = [head("POST /validate", &upgrade).as_bytes(), &body].concat();
    let answer = server.caller().ask(&request).unwrap();
    assert!(answer.status == 200 && answer.head.starts_with("http/1.1"), "{answer:?}");
}

#[test]
fn a_path_that_barely_does_not_fit_is_too_long() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    let _ = caller.send(head(&format!("POST /{}", "y".repeat(70_000)), &[]).as_bytes());
    // By how its bytes arrive.
    assert!(matches!(caller.answer().unwrap().status, 414 | 431));
    caller.ended();
}

#[test]
fn plain_http_on_the_tls_port_is_closed() {
    let server = Server::start(&[]);
    let mut stream = crate::caller::plain(server.address);
    std::io::Write::write_all(&mut stream, &post("/validate", &review(POD))).unwrap();
    let answer = until_end(&mut stream);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    server.until_metric("podgate_connections_rejected_total{reason=\"handshake\"}", 1.0);
}

#[test]
fn the_plain_port_has_three_paths() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(server.get("/readyz"), (200, "ok\n".to_owned()));
    let (status, verbose) = server.get("/readyz?verbose");
    assert_eq!(status, 200);
    assert!(verbose.contains("[+]certificate ok") && verbose.contains("sha256:"), "{verbose}");
    assert_eq!(server.get("/validate").0, 404);
    server.caller().post("/validate", &review(POD));
    assert_eq!(server.metric("podgate_request_duration_seconds_count{endpoint=\"validate\"}"), 1.0);
}
