//! What serving costs beside a server that does nothing: CPU per call, resident memory, and the time to ready.
//!
//! The yardstick is a server of hyper and rustls with the same certificate, thread and allocator, which reads the body
//! and answers a constant. Both run as processes, and the same caller drives them in turn over 16 connections.
//!
//! `cargo bench --bench serving -- --podgate PATH` measures another build than that of this machine's target, such as the
//! static one of `.ci/image`. What is resident of it hangs on the kernel too, and on how the file came to be in its cache:
//! mapped are not the pages that were touched but the pieces in which they were read or written.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a benchmark fails by a panic"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is how a benchmark speaks")]

#[path = "../tests/serve/caller.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod caller;
#[path = "shared/copies.rs"]
mod copies;

use std::convert::Infallible;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use podgate::server::tls::{self, Certificates, self_signed};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::caller::{Caller, post};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 16;

/// Calls of one measurement.
const CALLS: usize = 16_000;

const ROUNDS: usize = 5;

/// Calls of a measurement in which each connection rests for [`REST`] after an answer: about 2,000 calls a second, which
/// leaves a core mostly idle, as an API server does.
const CALLS_WITH_REST: usize = 4_000;
const REST: Duration = Duration::from_millis(8);

/// As long as a usual answer.
const ANSWER: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"00000000-0000-0000-0000-000000000000","allowed":true}}"#;

/// A server in a process of its own.
struct Served {
    child: Child,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    ca: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let behind = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(PathBuf::from)
    };
    match behind("bare") {
        Some(ca) => bare(&ca),
        None => measure(&behind("--podgate").unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_podgate")))),
    }
}

/// The yardstick.
fn bare(ca: &Path) {
    let made = self_signed::make("127.0.0.1:0".parse().unwrap(), &[], Timestamp::now()).unwrap();
    fs::write(ca, made.ca).unwrap();
    let config = tls::config(Arc::new(Certificates::new(made.pair)), None).unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        eprintln!("{{\"message\":\"listening\",\"address\":\"{}\"}}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let tls = tls.clone();
            tokio::spawn(async move {
                let stream = tls.accept(stream).await.unwrap();
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(constant));
                let _ = connection.await;
            });
        }
    });
}

async fn constant(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    assert!(!body.is_empty());
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
}

fn measure(program: &Path) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serving-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let bare = Served::start(
        &std::env::current_exe().unwrap(),
        |command, ca| {
            command.arg("bare").arg(ca);
        },
        &folder.join("bare.pem"),
    );
    let begin = Instant::now();
    let podgate = podgate(program, &folder, &[]);
    let listening = begin.elapsed();
    podgate.until_ready();
    let ready = begin.elapsed();
    let (idle, heap) = (podgate.memory("VmRSS"), podgate.memory("RssAnon"));
    let body = review();
    let ten = copies::with_containers(&recorded(), 3);
    println!("{CONNECTIONS} connections; {CALLS} calls a measurement, {ROUNDS} rounds");
    for (body, edits) in [(&body, 4), (&ten, 10)] {
        assert_eq!(podgate.edits(body), edits, "the yardstick of /mutate must be edited");
        println!("review of {edits} edits: {} bytes", body.len());
    }
    println!("{}", program.display());
    println!("ready: {ready:.1?} after its start (listening after {listening:.1?})");
    println!("resident idle: {idle:.1} MiB, of which {heap:.1} MiB are of its own and the rest pieces of the binary");

    let kinds: [Kind<'_>; 5] = [
        ("bare", &bare, "/validate", &body),
        ("validate", &podgate, "/validate", &body),
        ("mutate", &podgate, "/mutate", &body),
        ("bare, the review of ten edits", &bare, "/validate", &ten),
        ("mutate, ten edits", &podgate, "/mutate", &ten),
    ];
    println!("without rest");
    compare(&kinds, CALLS, Duration::ZERO);
    println!("each connection rests for {REST:?} after an answer");
    compare(&kinds, CALLS_WITH_REST, REST);
    println!("resident after that: {:.1} MiB, at most {:.1} MiB", podgate.memory("VmRSS"), podgate.memory("VmHWM"));
    drop(podgate);

    let policies = folder.join("thousand.yaml");
    fs::write(&policies, thousand()).unwrap();
    let begin = Instant::now();
    let many = self::podgate(program, &folder, &["-p", "builtin:recommended", "-p", policies.to_str().unwrap()]);
    many.until_ready();
    println!(
        "with 1,000 more policies: ready after {:.1?}, resident idle {:.1} MiB",
        begin.elapsed(),
        many.memory("VmRSS")
    );
    let [_warm, cost] = [0, 1].map(|_| many.cost("/validate", &body, CALLS, Duration::ZERO));
    let (now, most) = (many.memory("VmRSS"), many.memory("VmHWM"));
    println!("  validate: {cost:.1} us of CPU a call; resident {now:.1} MiB, at most {most:.1} MiB");
    drop(many);
    fs::remove_dir_all(folder).unwrap();
}

/// What is called: its name, who serves it, its path and its body. The yardstick stands before those it is for.
type Kind<'s> = (&'s str, &'s Served, &'s str, &'s [u8]);

/// Prints what the calls cost. Those of a round are compared with one another, because a busy machine makes all calls dearer
/// for a while; and with the yardstick for the same review.
fn compare(kinds: &[Kind<'_>], calls: usize, rest: Duration) {
    let mut micros = vec![Vec::<f64>::new(); kinds.len()];
    for round in 0..=ROUNDS {
        for ((_, served, path, body), micros) in kinds.iter().zip(&mut micros) {
            let cost = served.cost(path, body, calls, rest);
            // The first round warms up.
            if round > 0 {
                micros.push(cost);
            }
        }
    }
    for (number, (name, ..)) in kinds.iter().enumerate() {
        let (bare, micros) = (&micros[number / 3 * 3], &micros[number]);
        let ratio = median(micros.iter().zip(bare).map(|(micros, bare)| micros / bare).collect());
        println!("  {name}: {:.1} us of CPU a call, {ratio:.2} times the bare server", median(micros.clone()));
    }
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

fn podgate(program: &Path, folder: &Path, arguments: &[&str]) -> Served {
    Served::start(
        program,
        |command, ca| {
            command.args(["serve", "--self-signed", "--no-cluster", "--log-format", "json", "--ca-out"]).arg(ca);
            command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
            command.args(arguments);
        },
        &folder.join("podgate.pem"),
    )
}

/// The recorded review of a Deployment's Pod that gets edits.
fn recorded() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/admission-reviews/055-mutating-create-pod.json");
    fs::read(path).unwrap()
}

/// The same, with the environment of a usual container: 4 KiB.
fn review() -> Vec<u8> {
    let mut review: serde_json::Value = serde_json::from_slice(&recorded()).unwrap();
    let variable =
        |number: usize| serde_json::json!({"name": format!("VARIABLE_{number}"), "value": "of a usual length"});
    review["request"]["object"]["spec"]["containers"][0]["env"] = (0..15).map(variable).collect();
    serde_json::to_vec(&review).unwrap()
}

/// Policies of which ten match.
fn thousand() -> String {
    let policy = |number: usize| {
        let namespace = if number < 10 { "demo".to_owned() } else { format!("team-{number}") };
        format!(
            "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: p{number}}}\nspec:\n  mode: Warn\n  \
             match: {{namespaces: [{namespace}]}}\n  rules:\n  - name: limit\n    require:\n      container: \
             \"!has(container.resources.limits) || 'memory' in container.resources.limits\"\n      message: no\n"
        )
    };
    (0..1000).map(policy).collect::<Vec<_>>().join("---\n")
}

impl Served {
    fn start(program: &Path, arguments: impl FnOnce(&mut Command, &Path), ca: &Path) -> Served {
        let mut command = Command::new(program);
        arguments(&mut command, ca);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.by_ref().find(|line| line.contains("listening"));
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        thread::spawn(move || lines.count());
        let address = |key: &str| line[key].as_str().map(|address| address.parse().unwrap());
        let ca = fs::read_to_string(ca).unwrap();
        Served { child, address: address("address").unwrap(), admin: address("admin"), ca }
    }

    fn until_ready(&self) {
        loop {
            let mut stream = TcpStream::connect(self.admin.unwrap()).unwrap();
            write!(stream, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            if answer.starts_with("HTTP/1.1 200") {
                return;
            }
        }
    }

    /// How many edits it makes.
    fn edits(&self, body: &[u8]) -> usize {
        let answer = Caller::connect(self.address, &self.ca).unwrap().ask(&post("/mutate", body)).unwrap().json();
        let edits = answer["response"]["auditAnnotations"]["edits"].as_str().unwrap_or_default();
        edits.split_whitespace().count()
    }

    /// Microseconds of CPU that a call costs the server, when each connection rests so long after an answer.
    fn cost(&self, path: &str, body: &[u8], calls: usize, rest: Duration) -> f64 {
        let request = post(&format!("{path}?timeout=10s"), body);
        let mut callers: Vec<Caller> =
            (0..CONNECTIONS).map(|_| Caller::connect(self.address, &self.ca).unwrap()).collect();
        // So that the handshakes are over.
        callers.iter_mut().for_each(|caller| assert_eq!(caller.ask(&request).unwrap().status, 200));
        let before = self.cpu();
        thread::scope(|scope| {
            for caller in &mut callers {
                scope.spawn(|| {
                    for _ in 0..calls / CONNECTIONS {
                        let answer = caller.ask(&request).unwrap();
                        assert_eq!(answer.status, 200);
                        if !rest.is_zero() {
                            thread::sleep(rest);
                        }
                    }
                });
            }
        });
        (self.cpu() - before).as_secs_f64() * 1e6 / calls as f64
    }

    /// The time that all of its threads ran.
    fn cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = threads.map(|thread| {
            let times = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            times.split_whitespace().next().unwrap().parse::<u64>().unwrap()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// A line of the kernel's about its memory, in MiB.
    fn memory(&self, line: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':')).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
