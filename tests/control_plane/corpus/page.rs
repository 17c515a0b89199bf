//! The table of ways in `policies/PROVENANCE.md`: each row is gone in a real cluster, and must say what happened there.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::corpus::ways::report;
use crate::webhook::objects::{self, DIGEST};
use crate::webhook::{Scene, equal};

const NAMESPACE: &str = "ways";

/// How an object is created, and what is done with it next.
struct Going {
    way: &'static str,
    creates: &'static [&'static str],
    next: Next,
}

enum Next {
    /// The file with another label in the template, by the same command.
    Sent,
    /// The same file by this command.
    Whole(&'static [&'static str]),
    /// A patch of the template's labels, as Helm makes it, by this manager.
    Patched(&'static str),
    /// A patch of the grace period to the API server's, by this manager.
    Undone(&'static str),
    /// This command; `NAME` stands for the object.
    Command(&'static [&'static str]),
    /// Nothing: its Pods are looked at.
    Pods,
}

const GOINGS: [Going; 15] = [
    going("kubectl apply", &["apply"], Next::Sent),
    going("kubectl apply --server-side", &["apply", "--server-side"], Next::Sent),
    going("kubectl create", &["create"], Next::Command(&["annotate", "NAME", "note=x"])),
    going("kubectl replace", &["create"], Next::Whole(&["replace"])),
    going("kubectl edit", &["create"], Next::Undone("kubectl-edit")),
    going("kubectl patch", &["create"], Next::Undone("kubectl-patch")),
    going("kubectl set", &["create"], Next::Command(&["set", "image", "NAME", "web=nginx:1.28"])),
    going("kubectl scale", &["create"], Next::Command(&["scale", "NAME", "--replicas=2"])),
    going("Helm 3", &["create", "--field-manager=helm"], Next::Patched("helm")),
    going("Helm 4", &["apply", "--server-side", "--field-manager=helm"], Next::Sent),
    going("Argo CD", &["apply", "--field-manager=argocd-controller"], Next::Sent),
    going("Argo CD, server-side", &["apply", "--server-side", "--field-manager=argocd-controller"], Next::Sent),
    going("Flux", &["apply", "--server-side", "--field-manager=kustomize-controller"], Next::Sent),
    going("Terraform", &["create", "--field-manager=Terraform"], Next::Patched("Terraform")),
    going("a controller", &["apply"], Next::Pods),
];

const fn going(way: &'static str, creates: &'static [&'static str], next: Next) -> Going {
    Going { way, creates, next }
}

pub fn is_true(scene: &Scene) -> Result<(), Failed> {
    scene.namespace(NAMESPACE)?;
    let rows = rows()?;
    let mut differing = Vec::new();
    let (written, gone): (Vec<_>, Vec<_>) =
        (rows.iter().map(|row| row[0].as_str()).collect(), GOINGS.iter().map(|going| going.way).collect());
    equal("the ways of the page", &written, &gone)?;
    for (index, (going, row)) in GOINGS.iter().zip(&rows).enumerate() {
        let seen = going.seen(scene, &format!("way-{index}"))?;
        let said = [row[2].as_str(), &row[3], &row[4]];
        if said != [seen[0].as_str(), &seen[1], &seen[2]] {
            differing.push(format!("{}: the page says {said:?}, it was {seen:?}", going.way));
        }
    }
    report(differing)
}

impl Going {
    /// The words of the last three columns, from what happens.
    fn seen(&self, scene: &Scene, name: &str) -> Result<[String; 3], Failed> {
        let mut file = objects::workload(
            "Deployment",
            name,
            json!({"containers": [
            {"name": "web", "image": "nginx:1.27"}, {"name": "aux", "image": DIGEST}]}),
        );
        if matches!(self.next, Next::Pods) {
            let spec = &mut file["spec"]["template"]["spec"];
            spec["terminationGracePeriodSeconds"] = json!(30);
            spec["containers"][1]["imagePullPolicy"] = json!("Always");
        }
        let target = format!("deployment/{name}");
        scene.send(&[self.creates, &["-n", NAMESPACE]].concat(), std::slice::from_ref(&file))?;
        if matches!(self.next, Next::Pods) {
            let pod = scene.pods(NAMESPACE, name, 1)?.remove(0);
            let [pull, grace] = of(&pod["spec"]).map(|word| if word == "kept" { "the template's" } else { word });
            return Ok([pull, grace, "stays"].map(str::to_owned));
        }
        let before = scene.stored(NAMESPACE, &target)?;
        let [pull, grace] = of(objects::spec(&before));
        self.go_on(scene, &mut file, &target)?;
        let after = scene.stored(NAMESPACE, &target)?;
        let [before, after] =
            [before, after].map(|stored| objects::spec(&stored)["terminationGracePeriodSeconds"].clone());
        let next = match &self.next {
            Next::Whole(_) if before == after => "put back",
            _ if before == after => "stays",
            _ if after == 30 => "the author's",
            _ => "something else",
        };
        Ok([pull, grace, next].map(str::to_owned))
    }

    fn go_on(&self, scene: &Scene, file: &mut Value, target: &str) -> Result<(), Failed> {
        let patch = |manager: &str, patch: Value| {
            let manager = format!("--field-manager={manager}");
            scene.cluster.must(&["patch", target, &manager, "-n", NAMESPACE, "-p", &patch.to_string()], "")
        };
        match &self.next {
            Next::Sent => {
                file["spec"]["template"]["metadata"]["labels"]["release"] = json!("two");
                scene.send(&[self.creates, &["-n", NAMESPACE]].concat(), std::slice::from_ref(file))?;
            }
            Next::Whole(command) => {
                scene.send(&[command, &["-n", NAMESPACE][..]].concat(), std::slice::from_ref(file))?;
            }
            Next::Patched(manager) => {
                patch(manager, json!({"spec": {"template": {"metadata": {"labels": {"release": "two"}}}}}))?;
            }
            Next::Undone(manager) => {
                patch(manager, json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 30}}}}))?;
            }
            Next::Command(words) => {
                let words: Vec<_> = words.iter().map(|word| if *word == "NAME" { target } else { word }).collect();
                scene.cluster.must(&[&words[..], &["-n", NAMESPACE]].concat(), "")?;
            }
            Next::Pods => {}
        }
        Ok(())
    }
}

/// Whether the policy's pull policy and its grace period are there.
fn of(spec: &Value) -> [&'static str; 2] {
    let word = |is_set: bool| if is_set { "set" } else { "kept" };
    let pull = &spec["containers"][1]["imagePullPolicy"];
    [word(pull == "IfNotPresent"), word(spec["terminationGracePeriodSeconds"] == 45)]
}

/// The rows of the table, without backticks.
fn rows() -> Result<Vec<Vec<String>>, Failed> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/PROVENANCE.md"))?;
    let (_, section) = page.split_once("## The ways into a cluster").ok_or("the page has no table of ways")?;
    let lines = section.lines().skip_while(|line| !line.starts_with("| way")).skip(2);
    let row = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    Ok(lines.take_while(|line| line.starts_with('|')).map(row).collect())
}
