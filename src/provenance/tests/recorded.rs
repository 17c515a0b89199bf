//! What a real API server sent, and who set what by the command behind it (see the README of the folder).

use std::fs;

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/admission-reviews");

/// The answers for the fields that podgate defaults most.
fn answers(file: &str) -> Option<String> {
    let body = fs::read(format!("{FOLDER}/{file}")).unwrap();
    let arena = Bump::new();
    let request = Request::read(&arena, &body, &Limits::REVIEW).unwrap();
    let kind = request.workload_kind()?;
    let workload = Workload::of(kind, request.object?).unwrap();
    let old = request.old_object.map(|old| Workload::of(kind, old).unwrap());
    let intent = Intent::of_request(&arena, &request, workload, old, workload.controller_kind());
    let word = |base, path: &str| {
        let path = Path::parse(path).unwrap();
        intent.provenance(base, path.steps()).map(Provenance::name)
    };
    let mut answers = vec![format!("grace {}", word(Base::Pod, "spec.terminationGracePeriodSeconds").unwrap())];
    for container in workload.containers() {
        let mut line = format!("{}: pull {}", container.name, word(container.base(), "imagePullPolicy").unwrap());
        for field in ["limits.cpu", "limits.memory", "requests.cpu", "requests.memory"] {
            if let Some(word) = word(container.base(), &format!("resources.{field}")) {
                line += &format!(", {field} {word}");
            }
        }
        if container.value.fields(&["resources"]).unwrap().members().is_empty() {
            line += &format!(", resources {}", word(container.base(), "resources").unwrap());
        }
        answers.push(line);
    }
    Some(answers.join("; "))
}

#[test]
fn every_recorded_review_tells_what_its_command_did() {
    const REDIS: &str = "grace authored; test-redis: pull authored, limits.cpu authored, limits.memory authored, \
        requests.cpu authored, requests.memory authored";
    const APPLIED: &str = "grace api-default; init: pull api-default, resources api-default; \
        web: pull api-default, resources api-default; \
        side: pull api-default, limits.cpu authored, limits.memory authored";
    const MOVING: &str = "grace authored; init: pull authored, resources api-default; \
        web: pull authored, resources api-default; \
        side: pull authored, limits.cpu authored, limits.memory authored";
    const CREATED: &str = "grace unknown; init: pull unknown, resources api-default; \
        web: pull unknown, resources api-default; \
        side: pull unknown, limits.cpu authored, limits.memory authored";
    const BARE: &str = "grace unknown; a: pull unknown, limits.cpu authored, requests.cpu unknown";
    const DEBUGGED: &str = "grace unknown; a: pull unknown, limits.cpu authored, requests.cpu unknown; \
        dbg: pull unknown, resources api-default";
    const RESIZED: &str = "grace unknown; a: pull unknown, limits.cpu authored, requests.cpu authored; \
        dbg: pull unknown, resources api-default";
    const OF_DEPLOYMENT: &str = "grace unknown; init: pull unknown, resources api-default; \
        web: pull authored, resources api-default; \
        side: pull unknown, limits.cpu authored, limits.memory authored";
    const OF_REPLICA_SET: &str = "grace template; init: pull template, resources api-default; \
        web: pull template, resources api-default; \
        side: pull template, limits.cpu authored, limits.memory authored, \
        requests.cpu unknown, requests.memory unknown";
    const OF_STATEFUL_SET: &str = "grace template; test-redis: pull template, limits.cpu authored, \
        limits.memory authored, requests.cpu authored, requests.memory authored";
    let expected = |number: u32| match number {
        1..=2 => Some(REDIS),
        // kubectl moves to server-side apply by handing everything that it owned to the new entry, in one request.
        9..=10 => Some(MOVING),
        3..=12 => Some(APPLIED),
        15..=16 | 19..=20 => Some(CREATED),
        21..=28 => Some(BARE),
        29..=30 => Some(DEBUGGED),
        31..=32 => Some(RESIZED),
        33..=34 => Some("grace unknown; j: pull unknown, resources api-default"),
        35..=36 => Some("grace unknown; c: pull unknown, resources api-default"),
        37..=38 => Some("grace authored; agent: pull api-default, resources api-default"),
        39..=40 => Some("grace unknown; opts: pull unknown, resources api-default"),
        // A ReplicaSet has no old object to tell that `Always` is what the image before `kubectl set image` left.
        49..=50 => Some(OF_DEPLOYMENT),
        51 | 53 => Some("grace template; j: pull template, resources api-default"),
        55..=65 => Some(OF_REPLICA_SET),
        75 | 77 => Some(OF_STATEFUL_SET),
        _ => None,
    };
    let mut seen = 0;
    for file in fs::read_dir(FOLDER).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        let Some(number) = file.split('-').next().and_then(|number| number.parse().ok()) else { continue };
        assert_eq!(answers(&file).as_deref(), expected(number), "{file}");
        seen += 1;
    }
    assert_eq!(seen, 60);
}
