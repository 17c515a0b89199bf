//! Puts the files of `deploy/` into the cluster as its README says: the server, the webhooks that ignore failures, and
//! after a dry run that had to be denied was denied, the step to `Fail`.
//!
//! Nothing runs the Pods of the Deployment here, so the webhooks get a URL in place of the Service.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use podgate::workload::Kind;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::webhook::balancer::get;
use crate::webhook::podgate::{Mounts, Podgate};
use crate::webhook::{Scene, equal, holds, objects, policies};

/// Everything but the webhooks. Returns a kubeconfig with the rights of the Deployment's account.
pub fn prepare(cluster: &Cluster) -> Result<PathBuf, Failed> {
    cluster.must(&["apply", "-f", &file("podgate.yaml").display().to_string()], "")?;
    let token = cluster.must(&["create", "token", "podgate", "-n", "podgate"], "")?;
    let mut kubeconfig: Value = serde_json::from_str(&fs::read_to_string(cluster.kubeconfig())?)?;
    kubeconfig["users"][0]["user"] = json!({"token": token.trim()});
    let path = cluster.folder().join("podgate-kubeconfig");
    fs::write(&path, kubeconfig.to_string())?;
    Ok(path)
}

/// The webhooks, in two steps.
pub fn install(scene: &Scene) -> Result<(), Failed> {
    let webhooks = webhooks(scene.balancer.address, &scene.mounts.authority.pem)?;
    scene.cluster.must(&["apply", "-f", "-"], &webhooks.to_string())?;
    for namespace in policies::NAMESPACES.into_iter().chain(["load"]) {
        scene.namespace(namespace)?;
    }
    let denied = objects::pod("canary", objects::one("nginx:1.27"));
    scene.eventually("a dry run that is denied", || {
        let said = scene.kubectl(&["create", "--dry-run=server", "-n", "strict", "-f", "-"], &denied.to_string())?;
        Ok((!said.success && said.stderr.contains("validate.podgate.dev")).then_some(()))
    })?;
    let edited = objects::pod("canary", objects::one("nginx:1.27"));
    scene.eventually("a dry run that is edited", || {
        let args = ["create", "--dry-run=server", "-n", "default", "-o", "json", "-f", "-"];
        let said = scene.kubectl(&args, &edited.to_string())?;
        let object: Value = serde_json::from_str(&said.stdout)?;
        Ok((object["spec"]["terminationGracePeriodSeconds"] == 45).then_some(()))
    })?;
    enforce(scene)
}

/// The second step.
fn enforce(scene: &Scene) -> Result<(), Failed> {
    let configuration = ["validatingwebhookconfiguration", "podgate"];
    let patch = file("enforce.yaml").display().to_string();
    let before: Value =
        serde_json::from_str(&scene.cluster.must(&[&["get", "-o", "json"], &configuration[..]].concat(), "")?)?;
    scene.cluster.must(&[&["patch"], &configuration[..], &["--patch-file", &patch]].concat(), "")?;
    let after: Value =
        serde_json::from_str(&scene.cluster.must(&[&["get", "-o", "json"], &configuration[..]].concat(), "")?)?;
    let mut expected = before["webhooks"].clone();
    expected[0]["failurePolicy"] = json!("Fail");
    equal("the webhooks after the second step", &after["webhooks"], &expected)
}

/// `webhooks.yaml`, calling podgate where it is.
pub fn webhooks(address: SocketAddr, ca: &str) -> Result<Value, Failed> {
    let mut list = policies::read(&file("webhooks.yaml"))?.remove(0);
    for configuration in list["items"].as_array_mut().into_iter().flatten() {
        for webhook in configuration["webhooks"].as_array_mut().into_iter().flatten() {
            let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap_or_default();
            webhook["clientConfig"] =
                json!({"url": format!("https://{address}{path}"), "caBundle": STANDARD.encode(ca)});
        }
    }
    Ok(list)
}

/// The words of the command that the README gives for emergencies, without `kubectl`.
pub fn break_glass() -> Result<Vec<String>, Failed> {
    let readme = fs::read_to_string(file("README.md"))?;
    let (_, section) = readme.split_once("## Break glass").ok_or("the README does not say how to break the glass")?;
    let command = section.lines().find_map(|line| line.strip_prefix("    kubectl "));
    Ok(command.ok_or("no command to break the glass")?.split(' ').map(str::to_owned).collect())
}

/// The arguments of the Deployment's container, with the folders that are mounted there.
pub fn arguments(mounts: &Mounts) -> Result<Vec<String>, Failed> {
    let objects = policies::read(&file("podgate.yaml"))?;
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment").ok_or("no Deployment")?;
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let folders = [("tls", mounts.certificate.folder()), ("policies", mounts.policies.folder())];
    let mounted = |name: &str| {
        container["volumeMounts"].as_array()?.iter().find(|mount| mount["name"] == name)?["mountPath"].as_str()
    };
    let arguments = container["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let local = |argument: &str| {
        folders.iter().fold(argument.to_owned(), |argument, (name, folder)| match mounted(name) {
            Some(path) => argument.replace(path, &folder.display().to_string()),
            None => argument,
        })
    };
    Ok(arguments.map(local).collect())
}

pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

/// The Deployment's namespace asks for `restricted`, so its Pods stand there only if they keep it.
pub fn podgates_own_pods_keep_restricted(scene: &Scene) -> Result<(), Failed> {
    let namespace = scene.stored("podgate", "namespace/podgate")?;
    equal("the level", &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], &json!("restricted"))?;
    let pods = scene.eventually("the Pods of the Deployment", || {
        let pods = scene.all("podgate", "pods")?;
        Ok((pods.len() == 2).then_some(pods))
    })?;
    for pod in pods {
        let (name, grace) = (&pod["metadata"]["name"], &pod["spec"]["terminationGracePeriodSeconds"]);
        equal(&format!("the grace of {name}"), grace, &json!(110))?;
    }
    Ok(())
}

/// The same service account that the Deployment runs as may read Namespaces, and nothing else.
pub fn podgate_may_read_namespaces_and_nothing_else(scene: &Scene) -> Result<(), Failed> {
    let may = |account: &str| {
        let user = format!("--as=system:serviceaccount:podgate:{account}");
        scene.cluster.must(&["auth", "can-i", "--list", "-n", "podgate", &user, "--no-headers"], "")
    };
    // What every service account may do.
    let (podgate, default) = (may("podgate")?, may("default")?);
    let own: Vec<_> = podgate.lines().filter(|line| !default.contains(line)).map(str::split_whitespace).collect();
    let words: Vec<Vec<_>> = own.into_iter().map(Iterator::collect).collect();
    equal("what podgate may do", words, vec![vec!["namespaces", "[]", "[]", "[get", "list", "watch]"]])
}

/// No right is needed for that: the API server tells everyone.
pub fn podgate_takes_the_version_of_its_cluster(scene: &Scene) -> Result<(), Failed> {
    let told: Value = serde_json::from_str(&scene.cluster.must(&["get", "--raw", "/version"], "")?)?;
    let version = format!("kubernetes 1.{}, as the cluster says", told["minor"].as_str().unwrap_or_default());
    holds("what podgate says", &get(scene.admin()?, "/readyz?verbose")?, &version)
}

/// Mirror Pods are spared only where a node made them, and excluded namespaces are not asked about.
pub fn only_a_nodes_mirror_pod_is_spared(scene: &Scene) -> Result<(), Failed> {
    let mut mirror = objects::pod("mirror", objects::one("nginx:1.27"));
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "abc"});
    mirror["spec"]["nodeName"] = json!("node-1");
    let create = |namespace: &str, more: &[&str]| {
        let args = [&["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"], more].concat();
        scene.kubectl(&args, &mirror.to_string())
    };
    let said = create("strict", &[])?;
    holds("an administrator's mirror Pod", &said.stderr, "[ClusterPodPolicy/strict/team]")?;
    let said = create("strict", &["--as=system:node:node-1", "--as-group=system:nodes", "--as-group=system:masters"])?;
    equal("a node's mirror Pod", (said.success, said.stderr.as_str()), (true, ""))?;
    let said = create("kube-system", &[])?;
    let object: Value = serde_json::from_str(&said.stdout)?;
    equal("the grace in kube-system", &object["spec"]["terminationGracePeriodSeconds"], &json!(30))
}

/// The rules name exactly what podgate judges, in both webhooks.
pub fn the_rules_name_what_podgate_judges(scene: &Scene) -> Result<(), Failed> {
    let subresources = ["pods/ephemeralcontainers", "pods/resize"];
    let mut expected: Vec<_> = Kind::ALL.iter().map(|kind| (kind.group(), kind.resource())).collect();
    expected.extend(subresources.map(|resource| ("", resource)));
    expected.sort_unstable();
    for kind in ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"] {
        let text = scene.cluster.must(&["get", kind, "podgate", "-o", "json"], "")?;
        let configuration: Value = serde_json::from_str(&text)?;
        let mut named = Vec::new();
        for rule in configuration["webhooks"][0]["rules"].as_array().into_iter().flatten() {
            equal("the operations", &rule["operations"], &json!(["CREATE", "UPDATE"]))?;
            let group = rule["apiGroups"][0].as_str().unwrap_or_default();
            let resources = rule["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
            named.extend(resources.map(|resource| (group, resource)));
        }
        named.sort_unstable();
        equal(kind, named, expected.clone())?;
    }
    Ok(())
}

/// podgate takes what `certs/make-dev-certs.sh` makes.
pub fn development_certificates_serve(scene: &Scene) -> Result<(), Failed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs/make-dev-certs.sh");
    let folder = scene.cluster.folder().join("dev-certs");
    for run in ["first", "second, with the same authority"] {
        let output = Command::new(&script).arg(&folder).arg("127.0.0.1").output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        equal(&format!("the {run} run: {words}"), output.status.success(), true)?;
    }
    let podgate = Podgate::with_certificate(&folder, &scene.cluster.folder().join("dev-certs.log"))?;
    holds("its log", &podgate.log(), "listening")
}
