//! podgate as the webhooks of a living cluster: a real API server calls it, real controllers make Pods.
//!
//! It is installed as `deploy/` says. All tests share one installation and each has namespaces of its own, so the last
//! of them can look over all that the API server has seen.

pub mod audit;
pub mod authors;
pub mod balancer;
pub mod calls;
pub mod certificates;
pub mod controllers;
pub mod debugging;
pub mod denials;
pub mod faults;
pub mod fixes;
pub mod foretold;
pub mod installation;
pub mod load;
pub mod mounted;
pub mod objects;
pub mod one_file;
pub mod podgate;
pub mod policies;
pub mod redis;
pub mod rollouts;
pub mod verbs;
pub mod whole;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Shape};
use crate::components::Components;
use crate::webhook::balancer::Balancer;
use crate::webhook::podgate::{Mounts, Podgate};

/// The ways in which kubectl makes objects, as `check --as` calls them, and its commands.
pub const WAYS: [(&str, &[&str]); 3] =
    [("apply", &["apply"]), ("server-side", &["apply", "--server-side"]), ("create", &["create"])];

/// Longer than anything that the tests wait for takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A cluster that asks podgate. The fields are dropped in this order.
pub struct Scene {
    pub cluster: Cluster,
    /// What the cluster asks.
    pub balancer: Balancer,
    /// What stands behind it, the oldest first.
    replicas: Mutex<Vec<Podgate>>,
    pub mounts: Mounts,
    /// What the API server has noted so far.
    audit: Mutex<audit::Log>,
}

/// What a run of kubectl said.
#[derive(Debug)]
pub struct Said {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Scene {
    /// Starts both, and installs the one in the other.
    pub fn start(components: Components) -> Result<Scene, Failed> {
        let cluster = Cluster::start(components, Shape::Alive)?;
        let mut mounts = Mounts::make(cluster.folder())?;
        mounts.kubeconfig = installation::prepare(&cluster)?;
        let balancer = Balancer::start()?;
        let scene = Scene { cluster, balancer, replicas: Mutex::default(), mounts, audit: Mutex::default() };
        scene.add()?;
        installation::install(&scene)?;
        Ok(scene)
    }

    /// Starts one more podgate, and waits until it is called.
    pub fn add(&self) -> Result<(), Failed> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = self.cluster.folder().join(format!("podgate-{number}.log"));
        let podgate = Podgate::start(&self.mounts, &log)?;
        self.balancer.add(podgate.address, podgate.admin);
        self.eventually("one more podgate that is ready", || {
            Ok(self.balancer.sends_to(podgate.address).then_some(()))
        })?;
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner).push(podgate);
        Ok(())
    }

    /// The oldest podgate, for the test to end it.
    pub fn take(&self) -> Result<Podgate, Failed> {
        let mut replicas = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        if replicas.is_empty() { Err("no podgate is left".into()) } else { Ok(replicas.remove(0)) }
    }

    /// Where the oldest podgate says how it is.
    pub fn admin(&self) -> Result<SocketAddr, Failed> {
        let replicas = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(replicas.first().ok_or("no podgate is left")?.admin)
    }

    /// The logs of all that run.
    pub fn log(&self) -> String {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Podgate::log).collect()
    }

    /// Runs kubectl, whatever comes of it.
    pub fn kubectl(&self, args: &[&str], input: &str) -> io::Result<Said> {
        let output = self.cluster.kubectl(args, input)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Said { success: output.status.success(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
    }

    /// Runs kubectl, which must succeed, on these objects.
    pub fn send(&self, args: &[&str], objects: &[Value]) -> Result<Said, Failed> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let args = [args, &["-f", "-"]].concat();
        let said = self.kubectl(&args, &list)?;
        if said.success { Ok(said) } else { Err(format!("kubectl {}: {}", args.join(" "), said.stderr).into()) }
    }

    /// Makes a namespace in which Pods can be created.
    pub fn namespace(&self, name: &str) -> Result<(), Failed> {
        self.cluster.must(&["create", "namespace", name], "")?;
        self.eventually(&format!("a service account in `{name}`"), || {
            let said = self.kubectl(&["get", "serviceaccount", "default", "-n", name], "")?;
            Ok(said.success.then_some(()))
        })
    }

    /// What is stored under `kind/name`.
    pub fn stored(&self, namespace: &str, object: &str) -> Result<Value, Failed> {
        let text = self.cluster.must(&["get", object, "-n", namespace, "-o", "json"], "")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Everything of a kind in a namespace.
    pub fn all(&self, namespace: &str, kind: &str) -> Result<Vec<Value>, Failed> {
        let text = self.cluster.must(&["get", kind, "-n", namespace, "-o", "json"], "")?;
        let list: Value = serde_json::from_str(&text)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// The Pods that carry this value of the label `app`, as soon as there are so many.
    pub fn pods(&self, namespace: &str, app: &str, count: usize) -> Result<Vec<Value>, Failed> {
        self.eventually(&format!("{count} Pods of `{app}` in `{namespace}`"), || {
            let mut pods = self.all(namespace, "pods")?;
            pods.retain(|pod| {
                pod["metadata"]["labels"]["app"] == app && pod["metadata"]["deletionTimestamp"].is_null()
            });
            Ok((pods.len() == count).then_some(pods))
        })
    }

    /// Looks until something is there.
    pub fn eventually<T>(&self, what: &str, mut look: impl FnMut() -> Result<Option<T>, Failed>) -> Result<T, Failed> {
        let start = Instant::now();
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if start.elapsed() > PATIENCE {
                let log = self.cluster.log("kube-controller-manager");
                return Err(format!("not within {PATIENCE:?}: {what}\n{log}\n{}", self.log()).into());
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Said {
    /// The warnings of podgate that kubectl printed.
    pub fn warnings(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix("Warning: "))
            .filter(|line| line.starts_with("podgate"))
            .collect()
    }
}

/// Fails with `what` and both values, unless they are equal.
pub fn equal<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    what: &str,
    actual: T,
    expected: U,
) -> Result<(), Failed> {
    if actual == expected { Ok(()) } else { Err(format!("{what}: {actual:#?} instead of {expected:#?}").into()) }
}

/// Fails with `what` and the text, unless the text holds the piece.
pub fn holds(what: &str, text: &str, piece: &str) -> Result<(), Failed> {
    if text.contains(piece) { Ok(()) } else { Err(format!("{what} lacks `{piece}`:\n{text}").into()) }
}
