//! Runs the built binary, and asks it how it is.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use crate::caller::{Caller, LONG};

/// A running server. It is killed on drop.
pub struct Server {
    child: Child,
    /// The port with TLS.
    pub address: SocketAddr,
    /// The plain port.
    pub admin: SocketAddr,
    /// The authority of its certificate, in PEM.
    pub ca: String,
    folder: PathBuf,
    /// What it logged until it listened.
    before: Vec<String>,
    log: Mutex<Receiver<String>>,
}

/// A folder of its own for one test.
pub fn folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The body of a recorded review.
pub fn review(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/fixtures/admission-reviews/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

impl Server {
    /// With a certificate of its own, and these arguments.
    pub fn start(arguments: &[&str]) -> Server {
        Server::self_signed(Command::new(env!("CARGO_BIN_EXE_podgate")), arguments)
    }

    fn self_signed(command: Command, arguments: &[&str]) -> Server {
        let folder = folder();
        let ca = folder.join("ca.pem");
        let own = ["--self-signed", "--ca-out", ca.to_str().unwrap()];
        let mut server = Server::run(command, &[&own, arguments].concat(), folder);
        server.ca = fs::read_to_string(ca).unwrap();
        server
    }

    /// The same, with these variables of the environment.
    pub fn start_with_environment(variables: &[(&str, Option<&str>)], arguments: &[&str]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podgate"));
        for (name, value) in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Server::self_signed(command, arguments)
    }

    /// The same, with so many descriptors.
    pub fn start_with_descriptors(descriptors: usize, arguments: &[&str]) -> Server {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_podgate")]);
        Server::self_signed(command, arguments)
    }

    /// With the certificate in `folder`.
    pub fn start_with_certificate(folder: &Path, ca: &str, arguments: &[&str]) -> Server {
        let own = ["--tls-dir", folder.to_str().unwrap()];
        Server::start_with_files(folder, ca, &[&own, arguments].concat())
    }

    /// With a certificate that `arguments` name, in `folder`.
    pub fn start_with_files(folder: &Path, ca: &str, arguments: &[&str]) -> Server {
        let command = Command::new(env!("CARGO_BIN_EXE_podgate"));
        let mut server = Server::run(command, arguments, folder.to_owned());
        server.ca = ca.to_owned();
        server
    }

    fn run(mut command: Command, arguments: &[&str], folder: PathBuf) -> Server {
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        if !arguments.contains(&"--kubeconfig") {
            command.arg("--no-cluster");
        }
        command.args(["--log-format", "json"]).args(arguments).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut before = Vec::new();
        let addresses = lines.by_ref().find_map(|line| {
            let found = addresses(&line);
            before.push(line);
            found
        });
        let (address, admin) = addresses.unwrap_or_else(|| panic!("it does not listen: {before:#?}"));
        let (sender, log) = channel();
        // It ends with the process.
        thread::spawn(move || lines.for_each(|line| sender.send(line).unwrap_or_default()));
        Server { child, address, admin, ca: String::new(), folder, before, log: Mutex::new(log) }
    }

    /// Whether it said this before it listened.
    pub fn logged(&self, what: &str) -> bool {
        self.before.iter().any(|line| line.contains(what))
    }

    /// Waits for a line of the log that holds `what`.
    pub fn logs(&self, what: &str) -> String {
        let log = self.log.lock().unwrap();
        let mut seen = Vec::new();
        let end = Instant::now() + LONG;
        while let Ok(line) = log.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(what) {
                return line;
            }
            seen.push(line);
        }
        panic!("the log does not say `{what}`: {seen:#?}");
    }

    /// A new connection that has shaken hands.
    pub fn caller(&self) -> Caller {
        Caller::connect(self.address, &self.ca).unwrap()
    }

    /// What the plain port answers to GET: the status, and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text[9..12].parse().unwrap();
        (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// A number among the metrics.
    pub fn metric(&self, series: &str) -> f64 {
        let (_, metrics) = self.get("/metrics");
        let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no `{series}` in {metrics}")).parse().unwrap()
    }

    /// Waits until a number among the metrics is at least `least`.
    pub fn until_metric(&self, series: &str, least: f64) {
        let end = Instant::now() + LONG;
        while self.metric(series) < least {
            assert!(Instant::now() < end, "{series} stays at {}", self.metric(series));
        }
    }

    /// Resident memory in KiB, the most it ever was.
    pub fn most_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let address = |key: &str| line[key].as_str()?.parse().ok();
    (line["message"] == "listening").then_some((address("address")?, address("admin")?))
}
