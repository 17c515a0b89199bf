//! The watch of namespaces, and the question for the version, against an API server that says what the test wants it to say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use kube::{Client, Config};
use podgate::api_defaults::Version;
use podgate::cluster::{Basis, Kubernetes, Namespace, Namespaces};
use podgate::metrics::Metrics;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Nothing here takes so long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

/// Serves `/api/v1/namespaces` as the API server does, lists, and watches that stay open, and `/version`.
struct ApiServer {
    address: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// Names with one label, `tier`.
    namespaces: BTreeMap<String, String>,
    watches: Vec<TcpStream>,
    lists: usize,
    /// Whether everything is answered with 403.
    forbids: bool,
    /// Whether what the next watch missed is no longer to be had.
    is_expired: bool,
    /// The `N` of its version `1.N`; without it that is not told.
    minor: Option<&'static str>,
    /// What was asked of whom wants anything but metadata.
    wrong: Vec<String>,
}

impl ApiServer {
    fn start(namespaces: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        state.0.lock().unwrap().namespaces =
            namespaces.iter().map(|(name, tier)| ((*name).to_owned(), (*tier).to_owned())).collect();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        ApiServer { address, state }
    }

    fn client(&self) -> Client {
        Client::try_from(Config::new(format!("http://{}", self.address).parse().unwrap())).unwrap()
    }

    /// Changes a namespace and tells the watches, of which there must be one by then.
    fn tell(&self, kind: &str, name: &str, tier: &str) {
        let (state, changed) = &*self.state;
        let mut state = changed.wait_timeout_while(state.lock().unwrap(), LONG, |state| state.watches.is_empty());
        let state = &mut state.as_mut().unwrap().0;
        match kind {
            "DELETED" => state.namespaces.remove(name),
            _ => state.namespaces.insert(name.to_owned(), tier.to_owned()),
        };
        let event = format!(r#"{{"type":"{kind}","object":{}}}"#, object(name, tier)) + "\n";
        state.watches.retain_mut(|watch| write!(watch, "{:x}\r\n{event}\r\n", event.len()).is_ok());
    }

    /// Changes namespaces behind the back of the watches, cuts these off, and has forgotten the changes when they are
    /// back.
    fn cut(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.state;
        let mut state = changed.wait_timeout_while(state.lock().unwrap(), LONG, |state| state.watches.is_empty());
        let state = &mut state.as_mut().unwrap().0;
        change(state);
        state.is_expired = true;
        for watch in state.watches.drain(..) {
            watch.shutdown(Shutdown::Both).unwrap();
        }
    }
}

fn object(name: &str, tier: &str) -> String {
    format!(
        r#"{{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{{"name":"{name}","resourceVersion":"7","labels":{{"tier":"{tier}"}}}}}}"#
    )
}

fn version(minor: &str) -> String {
    let rest = ["gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"];
    let rest: String = rest.iter().map(|key| format!(r#","{key}":"""#)).collect();
    format!(r#"{{"major":"1","minor":"{minor}"{rest}}}"#)
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let asked = head.first().cloned().unwrap_or_default();
        let mut state = shared.0.lock().unwrap();
        let is_version = asked.starts_with("GET /version ");
        let metadata = is_version || head.iter().any(|line| line.contains("as=PartialObjectMetadata"));
        if !metadata || !(is_version || asked.starts_with("GET /api/v1/namespaces?")) {
            state.wrong.push(head.join("\n"));
        }
        let is_watch = asked.contains("watch=true");
        let is_expired = is_watch && std::mem::take(&mut state.is_expired);
        if is_watch && !state.forbids && !is_expired {
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            state.watches.push(stream.try_clone().unwrap());
            shared.1.notify_all();
            continue;
        }
        state.lists += usize::from(!is_watch && !is_version);
        let failure = |reason: &str, code: u16| {
            format!(r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{reason}","code":{code}}}"#)
        };
        let (status, body) = if is_version {
            match state.minor {
                Some(minor) => ("200 OK", version(minor)),
                None => ("403 Forbidden", failure("Forbidden", 403)),
            }
        } else if state.forbids {
            ("403 Forbidden", failure("Forbidden", 403))
        } else if is_expired {
            ("410 Gone", failure("Expired", 410))
        } else {
            let items: Vec<_> = state.namespaces.iter().map(|(name, tier)| object(name, tier)).collect();
            let list = format!(
                r#"{{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{{"resourceVersion":"7"}},"items":[{}]}}"#,
                items.join(",")
            );
            ("200 OK", list)
        };
        drop(state);
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).unwrap();
    }
}

struct Running {
    server: ApiServer,
    namespaces: Arc<Namespaces>,
    metrics: Arc<Metrics>,
    needed: watch::Sender<bool>,
}

impl Running {
    fn start(known: &[(&str, &str)]) -> Self {
        let server = ApiServer::start(known);
        let metrics = Metrics::new().unwrap();
        let namespaces = Namespaces::new(Arc::clone(&metrics));
        let needed = watch::Sender::new(true);
        tokio::spawn(Arc::clone(&namespaces).run(server.client(), needed.subscribe()));
        Running { server, namespaces, metrics, needed }
    }

    /// The tier of a namespace, when it is known.
    async fn tier(&self, name: &str) -> Option<String> {
        let found = self.namespaces.labels(name, Instant::now() + LONG).await.ok()?;
        found.labels.get("tier").cloned()
    }

    /// Asks until there is this answer.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let looking = async {
            while !is_so(self) {
                tokio::task::yield_now().await;
            }
        };
        if timeout(LONG, looking).await.is_err() {
            panic!("{what}: not within {LONG:?}\n{}", self.scrape());
        }
    }

    fn known(&self, name: &str) -> Option<String> {
        self.namespaces.known(name).and_then(|namespace: Arc<Namespace>| namespace.labels.get("tier").cloned())
    }

    fn scrape(&self) -> String {
        String::from_utf8(self.metrics.scrape()).unwrap()
    }

    fn shows(&self, line: &str) -> bool {
        self.scrape().lines().any(|shown| shown == line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let wrong = std::mem::take(&mut self.server.state.0.lock().unwrap().wrong);
        if !thread::panicking() {
            assert_eq!(wrong, [""; 0], "asked for more than the metadata of namespaces");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_those_of_the_list_and_then_of_the_watch() {
    let running = Running::start(&[("shop", "web"), ("bank", "data")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    assert_eq!(running.known("bank").as_deref(), Some("data"));
    running.server.tell("MODIFIED", "shop", "gold");
    running.until("a changed label", |running| running.known("shop").as_deref() == Some("gold")).await;
    running.server.tell("DELETED", "bank", "data");
    running.until("a namespace that goes", |running| running.known("bank").is_none()).await;
    running.until("one is left", |running| running.shows("podgate_namespace_cache_namespaces 1")).await;
    assert!(running.shows("podgate_namespace_cache_age_seconds 0"), "{}", running.scrape());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_still_to_come_is_waited_for() {
    let running = Running::start(&[("shop", "web")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    let waits = tokio::spawn({
        let namespaces = Arc::clone(&running.namespaces);
        async move { namespaces.labels("new", Instant::now() + LONG).await }
    });
    running.server.tell("ADDED", "new", "web");
    let found = timeout(LONG, waits).await.unwrap().unwrap().unwrap();
    assert_eq!(found.labels.get("tier").map(String::as_str), Some("web"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_does_not_come_is_an_error_at_the_deadline() {
    let running = Running::start(&[("shop", "web")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    let start = Instant::now();
    let error = running.namespaces.labels("gone", start + Duration::from_millis(30)).await.unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(
        error.to_string(),
        "the labels of the namespace `gone` are not known: the API server has not told them in time"
    );
    assert!(running.shows(r#"podgate_namespace_waits_total{result="missing"} 1"#), "{}", running.scrape());
    // A deadline that is far away does not make the wait longer than it may be.
    let start = Instant::now();
    assert!(timeout(LONG, running.namespaces.labels("gone", start + 2 * LONG)).await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_watch_was_cut_off_what_was_missed_is_there() {
    let running = Running::start(&[("shop", "web"), ("bank", "data")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    running.server.cut(|state| {
        state.namespaces.insert("shop".to_owned(), "gold".to_owned());
        state.namespaces.remove("bank");
    });
    running.until("the label", |running| running.known("shop").as_deref() == Some("gold")).await;
    running.until("the deletion", |running| running.known("bank").is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_api_server_says_no_the_last_labels_are_used_and_their_age_is_shown() {
    let running = Running::start(&[("shop", "web")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    running.server.cut(|state| state.forbids = true);
    let is_stale = |running: &Running| !running.shows("podgate_namespace_cache_age_seconds 0");
    running.until("an age", is_stale).await;
    assert_eq!(running.known("shop").as_deref(), Some("web"));
    running.server.state.0.lock().unwrap().forbids = false;
    running.until("no age", |running| !is_stale(running)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_watched_unless_a_policy_needs_it() {
    let running = Running::start(&[("shop", "web")]);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    running.needed.send_replace(false);
    running.until("nothing is known", |running| running.known("shop").is_none()).await;
    let lists = running.server.state.0.lock().unwrap().lists;
    running.needed.send_replace(true);
    assert_eq!(running.tier("shop").await.as_deref(), Some("web"));
    assert_eq!(running.server.state.0.lock().unwrap().lists, lists + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn podgate_is_ready_when_all_namespaces_have_been_told_once() {
    let server = ApiServer::start(&[("shop", "web")]);
    server.state.0.lock().unwrap().forbids = true;
    let metrics = Metrics::new().unwrap();
    let namespaces = Namespaces::new(Arc::clone(&metrics));
    let needed = watch::Sender::new(true);
    tokio::spawn(Arc::clone(&namespaces).run(server.client(), needed.subscribe()));
    let running = Running { server, namespaces, metrics, needed };
    let is_stale = |running: &Running| !running.shows("podgate_namespace_cache_age_seconds 0");
    running.until("a refusal", is_stale).await;
    assert!(!running.namespaces.is_ready());
    running.server.state.0.lock().unwrap().forbids = false;
    running.until("readiness", |running| running.namespaces.is_ready()).await;
    assert_eq!(running.known("shop").as_deref(), Some("web"));
    // What was known once is good enough while the watch comes back.
    running.server.cut(|state| state.forbids = true);
    running.until("an age", is_stale).await;
    assert!(running.namespaces.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_upgraded_is_followed_and_its_silence_changes_nothing() {
    let server = ApiServer::start(&[]);
    let metrics = Metrics::new().unwrap();
    let kubernetes = Kubernetes::new(Basis::NotTold, Arc::clone(&metrics));
    let client = server.client();
    assert!(!kubernetes.ask(&client).await);
    assert_eq!(kubernetes.basis(), Basis::NotTold);
    tokio::spawn(Arc::clone(&kubernetes).follow(client, Duration::from_millis(5)));
    let tells = |minor| server.state.0.lock().unwrap().minor = minor;
    let told = async |minor| {
        let looking = async {
            while kubernetes.basis() != Basis::Told(Version { minor }) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, looking).await.unwrap();
    };
    tells(Some("35"));
    told(35).await;
    tells(None);
    assert!(!kubernetes.ask(&server.client()).await);
    assert_eq!(kubernetes.applied(), Version { minor: 35 });
    tells(Some("38"));
    told(38).await;
    assert_eq!(kubernetes.applied(), Version::NEWEST);
    let scrape = String::from_utf8(metrics.scrape()).unwrap();
    assert!(scrape.contains("podgate_kubernetes_info{applied=\"1.37\",cluster=\"1.38\"} 1"), "{scrape}");
    assert_eq!(scrape.matches("podgate_kubernetes_info{").count(), 1, "{scrape}");
}
