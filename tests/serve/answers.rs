//! The server and `podgate check` say the same, byte for byte.

use std::fs;
use std::process::Command;

use crate::program::Server;

fn recorded() -> Vec<std::path::PathBuf> {
    let folder = format!("{}/tests/fixtures/admission-reviews", env!("CARGO_MANIFEST_DIR"));
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    paths.sort();
    assert!(paths.len() >= 60);
    paths
}

#[test]
fn every_recorded_review_is_answered_as_check_answers_it() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    for endpoint in ["mutate", "validate"] {
        let mut check = Command::new(env!("CARGO_BIN_EXE_podgate"));
        check.args(["check", "--output", "review", "--endpoint", endpoint]).args(recorded());
        let printed = String::from_utf8(check.output().unwrap().stdout).unwrap();
        let expected: Vec<_> = printed.lines().collect();
        assert_eq!(expected.len(), recorded().len());
        for (path, expected) in recorded().iter().zip(expected) {
            let answer = caller.post(&format!("/{endpoint}?timeout=10s"), &fs::read(path).unwrap());
            assert_eq!(String::from_utf8(answer.body).unwrap(), expected, "{endpoint} {}", path.display());
        }
    }
}

#[test]
fn an_envelope_that_is_no_question_is_a_bad_request() {
    let server = Server::start(&[]);
    for body in ["", "{}", "[]", "null", "{\"kind\": \"AdmissionReview\"}", "{", "\u{feff}{}"] {
        let answer = server.caller().ask(&crate::caller::post("/validate", body.as_bytes())).unwrap();
        assert_eq!(answer.status, 400, "{body:?}: {answer:?}");
        assert_eq!(answer.json()["kind"], "Status");
    }
}

#[test]
fn what_cannot_be_judged_is_denied_with_its_uid_by_validate_only() {
    let server = Server::start(&[]);
    let mut caller = server.caller();
    let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1",
        "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "object": null}}"#;
    let denied = caller.post("/validate", body).json();
    assert_eq!((&denied["response"]["uid"], &denied["response"]["allowed"]), (&"u-1".into(), &false.into()));
    let allowed = caller.post("/mutate", body).json();
    assert_eq!((&allowed["response"]["uid"], &allowed["response"]["allowed"]), (&"u-1".into(), &true.into()));
    assert_eq!(allowed["response"]["warnings"].as_array().unwrap().len(), 1);
}
