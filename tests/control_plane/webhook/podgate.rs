//! podgate as a process beside the cluster: `podgate serve`, given a certificate and policies as a Pod has them mounted.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::webhook::certificates::Authority;
use crate::webhook::mounted::Mounted;
use crate::webhook::{installation, policies};

const READY_WITHIN: Duration = Duration::from_secs(10);
const PODGATE: &str = env!("CARGO_BIN_EXE_podgate");
const PAUSE: Duration = Duration::from_millis(5);

/// What its Pods have in common: policies and certificate, where they can be exchanged.
pub struct Mounts {
    pub authority: Authority,
    pub certificate: Mounted,
    pub policies: Mounted,
    /// The way to the cluster, with no rights but those of the Deployment's account.
    pub kubeconfig: PathBuf,
}

/// A running server, killed when dropped.
pub struct Podgate {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl Mounts {
    pub fn make(folder: &Path) -> Result<Mounts, Failed> {
        let authority = Authority::new()?;
        let mounts = Mounts {
            certificate: Mounted::at(&folder.join("tls"))?,
            policies: Mounted::at(&folder.join("policies"))?,
            authority,
            kubeconfig: PathBuf::new(),
        };
        mounts.renew()?;
        mounts.policies.swap(&policies::all()?)?;
        Ok(mounts)
    }

    /// Puts a new certificate of the same authority in place.
    pub fn renew(&self) -> Result<(), Failed> {
        let (certificate, key) = self.authority.issue()?;
        Ok(self.certificate.swap(&[("tls.crt".to_owned(), certificate), ("tls.key".to_owned(), key)])?)
    }
}

impl Podgate {
    /// Starts it as a Pod, on free ports, and waits until it listens.
    pub fn start(mounts: &Mounts, log: &Path) -> Result<Podgate, Failed> {
        let mut command = Command::new(PODGATE);
        // A balancer on this machine hears at once that a replica goes.
        command.args(installation::arguments(mounts)?).args(["--drain-delay=1s", "--drain-timeout=3s"]);
        Podgate::run(command.arg("--kubeconfig").arg(&mounts.kubeconfig), log)
    }

    /// Starts it with a certificate in this folder, and nothing else.
    pub fn with_certificate(folder: &Path, log: &Path) -> Result<Podgate, Failed> {
        Podgate::run(
            Command::new(PODGATE).args(["serve", "--server-name=podgate.podgate.svc", "--tls-dir"]).arg(folder),
            log,
        )
    }

    fn run(command: &mut Command, log: &Path) -> Result<Podgate, Failed> {
        let file = File::create(log)?;
        command.args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"]);
        let child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut podgate = Podgate { address: nowhere, admin: nowhere, child, log: log.to_owned() };
        let start = Instant::now();
        // It says so once it listens, and it listens once it can answer.
        let listening = loop {
            if let Some(line) = podgate.said("listening") {
                break line;
            }
            if start.elapsed() > READY_WITHIN || podgate.child.try_wait()?.is_some() {
                return Err(format!("podgate does not listen\n{}", podgate.log()).into());
            }
            thread::sleep(PAUSE);
        };
        let address = |key: &str| listening[key].as_str().unwrap_or_default().parse();
        (podgate.address, podgate.admin) = (address("address")?, address("admin")?);
        Ok(podgate)
    }

    /// The last line of its log with this message.
    pub fn said(&self, message: &str) -> Option<Value> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.rev().find(|line| line["message"] == message)
    }

    /// Its whole log.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks it to go, without waiting.
    pub fn terminate(&self) -> io::Result<()> {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status()?;
        if killed.success() { Ok(()) } else { Err(io::Error::other("no such process")) }
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> io::Result<Option<bool>> {
        Ok(self.child.try_wait()?.map(|status| status.success()))
    }
}

impl Drop for Podgate {
    fn drop(&mut self) {
        // Nothing is left to be done about a child that cannot be ended.
        let _ = self.kill();
    }
}
