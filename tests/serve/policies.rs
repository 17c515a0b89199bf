//! Policies that change while they are asked.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::caller::post;
use crate::program::{Server, folder, review};

const POD: &str = "021-mutating-create-pod.json";

/// A policy that denies by two rules with the same words.
fn policy(words: &str) -> String {
    let rule = |name: &str| format!("  - {{name: {name}, require: {{pod: 'false', message: {words}}}}}\n");
    format!(
        "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: house}}\nspec:\n  mode: Enforce\n  \
         rules:\n{}{}",
        rule("one"),
        rule("two")
    )
}

#[test]
fn each_review_is_judged_by_one_set() {
    let folder = folder();
    let path = folder.join("house.yaml");
    fs::write(&path, policy("first")).unwrap();
    let server = Server::start(&["-p", path.to_str().unwrap()]);
    let request = post("/validate", &review(POD));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut caller = server.caller();
                while !is_over.load(Ordering::Relaxed) {
                    let answer = caller.ask(&request).unwrap().json();
                    let message = answer["response"]["status"]["message"].as_str().unwrap();
                    assert_eq!(message.matches("first").count() % 2, 0, "{message}");
                    assert_eq!(message.matches("second").count() % 2, 0, "{message}");
                }
            });
        }
        for (generation, words) in (2..).zip(["second", "first", "second"]) {
            fs::write(folder.join("new"), policy(words)).unwrap();
            fs::rename(folder.join("new"), &path).unwrap();
            server.until_metric("podgate_policy_set_generation", f64::from(generation));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let answer = server.caller().post("/validate", &review(POD)).json();
    assert!(answer["response"]["status"]["message"].as_str().unwrap().contains("second"));
}

#[test]
fn a_policy_that_cannot_be_used_is_named_to_who_asks() {
    let folder = folder();
    let path = folder.join("house.yaml");
    fs::write(&path, policy("first").replace("require", "requires")).unwrap();
    let server = Server::start(&["-p", path.to_str().unwrap(), "-p", "builtin:defaults"]);
    assert_eq!(server.metric("podgate_policies_refused"), 1.0);
    let (status, text) = server.get("/readyz?verbose");
    assert!(status == 200 && text.contains("house.yaml"), "{text}");
    server.caller().post("/validate", &review(POD));
}

/// It holds nothing up even where nobody has put it on a list.
#[test]
fn the_namespace_of_podgate_is_left_alone_whatever_the_lists_say() {
    let path = folder().join("house.yaml");
    fs::write(&path, policy("never")).unwrap();
    let arguments = ["-p", path.to_str().unwrap(), "--exclude-namespaces", "elsewhere"];
    // The namespace of the recorded Pod.
    let own: serde_json::Value = serde_json::from_slice(&review(POD)).unwrap();
    let own = own["request"]["namespace"].as_str().unwrap();
    for (variable, expected) in [(None, false), (Some("other"), false), (Some(own), true)] {
        let server = Server::start_with_environment(&[("POD_NAMESPACE", variable)], &arguments);
        let answer = server.caller().post("/validate", &review(POD)).json();
        assert_eq!(answer["response"]["allowed"], expected, "{variable:?}");
        let left_alone = match variable {
            Some(own) => format!("namespaces that are left alone: elsewhere, {own}\n"),
            None => "namespaces that are left alone: elsewhere\n".to_owned(),
        };
        assert!(server.get("/readyz?verbose").1.contains(&left_alone));
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_podgate"));
    let output = command.args(["serve", "--self-signed"]).env("POD_NAMESPACE", "*").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("a namespace is named by"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_environment_takes_the_place_of_arguments() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_podgate"));
    command
        .args(["serve", "--self-signed"])
        .env("PODGATE_POLICY", "builtin:nothing")
        .env("PODGATE_LISTEN", "127.0.0.1:0");
    let output =
        command.env("PODGATE_ADMIN_LISTEN", "127.0.0.1:0").env("PODGATE_STRICT_POLICIES", "true").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("builtin:nothing"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
