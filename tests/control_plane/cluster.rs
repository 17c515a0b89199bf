//! A control plane of our own on free ports of 127.0.0.1, gone when dropped.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use libtest_mimic::Failed;
use serde_json::json;

use crate::components::Components;
use crate::keys::Keys;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// What is written into the audit log: everything that carries an object, with the patches of webhooks. Of a load only
/// that it was asked.
const AUDIT: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "Metadata", "namespaces": ["load", "swapped"]},
    {"level": "RequestResponse", "verbs": ["create", "update", "patch"],
     "resources": [{"group": ""}, {"group": "apps"}, {"group": "batch"}]},
    {"level": "None"}]}"#;

/// What runs beside etcd and kube-apiserver. There are never a scheduler or nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only what checks the types in ValidatingAdmissionPolicies: what is created stays as it is.
    Judge,
    /// The controllers, each with a user of its own, and an audit log.
    Alive,
}

/// A running control plane.
pub struct Cluster {
    components: Components,
    folder: PathBuf,
    kubeconfig: PathBuf,
    running: Vec<(&'static str, Child)>,
}

impl Cluster {
    /// Starts it and waits until it is ready.
    pub fn start(components: Components, shape: Shape) -> io::Result<Cluster> {
        let name = format!("cluster-{}-{shape:?}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder)?;
        let keys = Keys::make(&folder)?;
        let [client, peer, secure, controllers] = free_ports()?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, kubeconfig_of(&keys, secure).to_string())?;
        let mut cluster = Cluster { components, folder, kubeconfig, running: Vec::new() };

        let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        let mut etcd = cluster.components.command("etcd");
        etcd.arg("--data-dir").arg(cluster.folder.join("etcd"));
        etcd.args(["--unsafe-no-fsync", "--log-level=error"]);
        etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        etcd.args(["--initial-cluster", &format!("default={peer}")]);
        cluster.run("etcd", etcd)?;

        let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
        let mut apiserver = cluster.components.command("kube-apiserver");
        apiserver.args([
            format!("--etcd-servers={client}"),
            format!("--secure-port={secure}"),
            file("tls-cert-file", &keys.server.certificate),
            file("tls-private-key-file", &keys.server.key),
            file("client-ca-file", &keys.authority),
            file("service-account-key-file", &keys.tokens.public),
            file("service-account-signing-key-file", &keys.tokens.private),
        ]);
        apiserver.args([
            "--bind-address=127.0.0.1",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
        ]);
        match shape {
            // It waits for service accounts that only a controller manager makes.
            Shape::Judge => apiserver.arg("--disable-admission-plugins=ServiceAccount"),
            Shape::Alive => {
                let policy = cluster.folder.join("audit.yaml");
                fs::write(&policy, AUDIT)?;
                apiserver.arg(file("audit-policy-file", &policy)).arg(file("audit-log-path", &cluster.audit_log()));
                // In MiB: a log that begins anew in the middle of the tests would hide what was asked before.
                apiserver.arg("--audit-log-maxsize=4096")
            }
        };
        cluster.run("kube-apiserver", apiserver)?;
        cluster.wait(&["get", "--raw", "/readyz"])?;
        cluster.wait(&["get", "namespace", "default"])?;
        let mut manager = cluster.components.command("kube-controller-manager");
        manager.args([
            file("kubeconfig", &cluster.kubeconfig),
            file("service-account-private-key-file", &keys.tokens.private),
            file("root-ca-file", &keys.authority),
            format!("--secure-port={controllers}"),
        ]);
        manager.args(["--bind-address=127.0.0.1", "--leader-elect=false"]);
        manager.arg(match shape {
            Shape::Judge => "--controllers=validatingadmissionpolicy-status-controller",
            Shape::Alive => "--use-service-account-credentials",
        });
        cluster.run("kube-controller-manager", manager)?;
        if shape == Shape::Alive {
            cluster.wait(&["get", "serviceaccount", "default"])?;
        }
        Ok(cluster)
    }

    /// A folder for files of the tests, gone with the cluster.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How a program gets at the cluster.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client of it; for a task of a runtime.
    pub async fn client(&self) -> Result<Client, Failed> {
        let kubeconfig = Kubeconfig::read_from(&self.kubeconfig)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Client::try_from(config)?)
    }

    /// Where each request stands that carried an object, a line each.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// Runs kubectl with this on its standard input.
    pub fn kubectl(&self, args: &[&str], input: &str) -> io::Result<Output> {
        let mut kubectl = self.components.command("kubectl");
        kubectl.arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        kubectl.env("HOME", &self.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = kubectl.spawn()?;
        let stdin = child.stdin.take();
        std::thread::scope(|scope| {
            // Beside the reading, or two full pipes would wait for each other.
            let writer = scope.spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes())));
            let output = child.wait_with_output();
            let written = writer.join().unwrap_or(Ok(()));
            output.and_then(|output| match written {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
                _ => Ok(output),
            })
        })
    }

    /// Runs kubectl, which must succeed, and returns its standard output.
    pub fn must(&self, args: &[&str], input: &str) -> Result<String, String> {
        let output = self.kubectl(args, input).map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("kubectl {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)))
    }

    fn run(&mut self, name: &'static str, mut command: Command) -> io::Result<()> {
        let log = File::create(self.folder.join(name).with_extension("log"))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        self.running.push((name, child));
        Ok(())
    }

    /// Asks again until the answer is yes.
    fn wait(&mut self, question: &[&str]) -> io::Result<()> {
        let start = Instant::now();
        while !self.kubectl(question, "")?.status.success() {
            let ended = self.running.iter_mut().find_map(|(name, child)| match child.try_wait() {
                Ok(Some(_)) => Some(*name),
                _ => None,
            });
            let late = (start.elapsed() > READY_WITHIN).then_some("kube-apiserver");
            if let Some(name) = ended.or(late) {
                return Err(io::Error::other(format!("{name} did not get ready\n{}", self.log(name))));
            }
        }
        Ok(())
    }

    /// The end of a component's log.
    pub fn log(&self, name: &str) -> String {
        let log = fs::read_to_string(self.folder.join(name).with_extension("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(40)).map(|line| format!("{line}\n")).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for (_, child) in self.running.iter_mut().rev() {
            // Nothing is left to be done about a child that cannot be ended.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Four ports that were free a moment ago.
fn free_ports() -> io::Result<[u16; 4]> {
    let listeners = [bind()?, bind()?, bind()?, bind()?];
    let [a, b, c, d] = listeners.each_ref().map(|listener| listener.local_addr().map(|address| address.port()));
    Ok([a?, b?, c?, d?])
}

fn bind() -> io::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0")
}

fn kubeconfig_of(keys: &Keys, port: u16) -> serde_json::Value {
    let cluster = json!({"server": format!("https://127.0.0.1:{port}"), "certificate-authority": keys.authority.display().to_string()});
    let user = json!({
        "client-certificate": keys.admin.certificate.display().to_string(),
        "client-key": keys.admin.key.display().to_string(),
    });
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
        "current-context": "tests",
    })
}
