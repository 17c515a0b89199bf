//! Whose defaulting applies: what the cluster says, and what the operator says.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::caller::post;
use crate::program::{Server, folder};

/// Holds for the Pods of the Deployment below only where the API server completes the requests of a Pod as a whole,
/// which it does by default from 1.34 on.
const POLICY: &str = r#"
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules: [{name: whole, require: {pod: "has(pod.spec.resources.requests)", message: no requests as a whole}}]
"#;

const REVIEW: &str = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1",
    "operation": "CREATE", "namespace": "shop", "name": "web", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
    "resource": {"group": "apps", "version": "v1", "resource": "deployments"}, "userInfo": {"username": "me"},
    "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
    "spec": {"resources": {"limits": {"memory": "1Gi"}}, "containers": [{"name": "web", "image": "nginx:1.27",
    "resources": {"requests": {"memory": "64Mi"}}}]}}}}}}"#;

/// An API server that answers `/version` with this minor, and nothing else.
fn api_server(minor: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            while let Some(asked) = lines.next() {
                lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
                let (status, body) = if asked.starts_with("GET /version ") {
                    (
                        "200 OK",
                        format!(
                            r#"{{"major":"1","minor":"{minor}","gitVersion":"v1","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}}"#
                        ),
                    )
                } else {
                    ("403 Forbidden", String::new())
                };
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
                if stream.write_all((head + &body).as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    address
}

fn kubeconfig(folder: &Path, address: SocketAddr) -> PathBuf {
    let path = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: \"http://{address}\"}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    );
    fs::write(&path, text).unwrap();
    path
}

/// Starts with these arguments, and says what the plain port tells of it, the labels of the metric, and the verdict.
fn started(arguments: &[&str]) -> (Server, String, String, bool) {
    let policy = folder().join("house.yaml");
    fs::write(&policy, POLICY).unwrap();
    let server = Server::start(&[&["-p", policy.to_str().unwrap()], arguments].concat());
    let (_, verbose) = server.get("/readyz?verbose");
    let said = verbose.lines().find_map(|line| line.strip_prefix("kubernetes ")).unwrap().to_owned();
    let (_, metrics) = server.get("/metrics");
    let labels = metrics.lines().find_map(|line| line.strip_prefix("podgate_kubernetes_info")).unwrap().to_owned();
    let allowed = server.caller().post("/validate", REVIEW.as_bytes()).json()["response"]["allowed"] == true;
    (server, said, labels, allowed)
}

#[test]
fn the_defaulting_of_the_chosen_version_applies_as_in_check() {
    let path = folder().join("review.json");
    fs::write(&path, REVIEW).unwrap();
    for (version, expected) in [("v1.33", false), ("v1.34", true), ("v1.37", true)] {
        let (_server, said, labels, allowed) = started(&["--kubernetes", version]);
        let bare = version.trim_start_matches('v');
        assert_eq!(said, format!("{bare}, as `--kubernetes` says"));
        assert_eq!(labels, format!("{{applied=\"{bare}\",cluster=\"\"}} 1"));
        assert_eq!(allowed, expected, "{version}");
        let policy = folder().join("house.yaml");
        fs::write(&policy, POLICY).unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_podgate"));
        check.args(["check", "--output", "review", "--endpoint", "validate", "--kubernetes", version, "-p"]);
        let checked = check.arg(&policy).arg(&path).output().unwrap();
        let checked: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(checked["response"]["allowed"], expected, "{version} in check");
    }
}

#[test]
fn a_cluster_is_asked_for_its_version_before_the_first_call() {
    for (minor, said_of_it, applied, cluster, expected, logged) in [
        ("33", "1.33, as the cluster says", "1.33", "1.33", false, "and its defaulting applies"),
        ("36+", "1.36, as the cluster says", "1.36", "1.36", true, "and its defaulting applies"),
        ("38", "1.37, the nearest that is known to the 1.38 of the cluster", "1.37", "1.38", true, "newer than"),
        ("31", "1.33, the nearest that is known to the 1.31 of the cluster", "1.33", "1.31", false, "older than"),
    ] {
        let kubeconfig = kubeconfig(&folder(), api_server(minor));
        let (server, said, labels, allowed) = started(&["--kubeconfig", kubeconfig.to_str().unwrap()]);
        assert_eq!(said, said_of_it);
        assert_eq!(labels, format!("{{applied=\"{applied}\",cluster=\"{cluster}\"}} 1"));
        assert_eq!(allowed, expected, "{minor}");
        assert!(server.logged(logged), "{minor}: {logged}");
    }
}

#[test]
fn the_operator_knows_better_than_the_cluster() {
    let kubeconfig = kubeconfig(&folder(), api_server("37"));
    let arguments = ["--kubeconfig", kubeconfig.to_str().unwrap(), "--kubernetes", "1.33"];
    let (_server, said, _, allowed) = started(&arguments);
    assert_eq!((said.as_str(), allowed), ("1.33, as `--kubernetes` says", false));
}

#[test]
fn a_cluster_that_does_not_answer_holds_nothing_up() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let kubeconfig = kubeconfig(&folder(), nowhere);
    let (server, said, labels, allowed) = started(&["--kubeconfig", kubeconfig.to_str().unwrap()]);
    assert_eq!(said, "1.37, the newest that is known, until the cluster says what it is");
    assert_eq!((labels.as_str(), allowed), ("{applied=\"1.37\",cluster=\"\"} 1", true));
    assert!(server.logged("does not say its version"));
    assert_eq!(server.get("/readyz").0, 200);
}

#[test]
fn without_a_cluster_the_newest_version_applies() {
    let (server, said, _, allowed) = started(&[]);
    assert_eq!((said.as_str(), allowed), ("1.37, the newest that is known, without a cluster to ask", true));
    let refused =
        Command::new(env!("CARGO_BIN_EXE_podgate")).args(["serve", "--kubernetes", "v1.38"]).output().unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("the versions v1.33 to v1.37 are known"), "{words}");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(server.caller().ask(&post("/validate", REVIEW.as_bytes())).unwrap().status, 200);
}
