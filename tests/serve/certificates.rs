//! Certificates from files: which are taken, and that a new one costs no call.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::caller::{Caller, post};
use crate::program::{Server, folder, review};

const POD: &str = "021-mutating-create-pod.json";

/// An authority, and the certificates that it signs.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key, in PEM.
pub struct Issued {
    pub chain: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    fn issue(&self, name: &str, last_year: i32, usage: ExtendedKeyUsagePurpose) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        Issued { chain: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    pub fn server(&self) -> Issued {
        self.issue("localhost", 2100, ExtendedKeyUsagePurpose::ServerAuth)
    }
}

/// A folder as kubelet mounts a Secret: the files are links through `..data`, which is moved at once.
struct Secret {
    folder: PathBuf,
    version: usize,
}

impl Secret {
    fn new(issued: &Issued) -> Self {
        let mut secret = Secret { folder: folder(), version: 0 };
        secret.swap(issued);
        for name in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(name), secret.folder.join(name)).unwrap();
        }
        secret
    }

    fn swap(&mut self, issued: &Issued) {
        self.version += 1;
        let name = format!("..version-{}", self.version);
        let inner = self.folder.join(&name);
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("tls.crt"), &issued.chain).unwrap();
        fs::write(inner.join("tls.key"), &issued.key).unwrap();
        symlink(&name, self.folder.join("..data_tmp")).unwrap();
        fs::rename(self.folder.join("..data_tmp"), self.folder.join("..data")).unwrap();
    }
}

#[test]
fn a_new_certificate_is_served_without_a_failed_call() {
    let authority = Authority::new();
    let mut secret = Secret::new(&authority.server());
    // Connections are short, so that new ones are made all the time.
    let server = Server::start_with_certificate(&secret.folder, &authority.pem, &["--connection-age", "20ms"]);
    let first = server.caller().certificate();
    let request = post("/validate", &review(POD));
    let is_over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut caller = server.caller();
                    loop {
                        let answer = caller.ask(&request).unwrap();
                        assert_eq!(answer.status, 200);
                        answered.fetch_add(1, Ordering::Relaxed);
                        if answer.ends() {
                            break;
                        }
                    }
                }
            });
        }
        for swaps in 1..=5 {
            secret.swap(&authority.server());
            server.until_metric("podgate_certificate_reloads_total{result=\"swapped\"}", f64::from(swaps));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) > 100);
    assert_ne!(server.caller().certificate(), first);
    assert_eq!(server.metric("podgate_certificate_reloads_total{result=\"refused\"}"), 0.0);
}

#[test]
fn the_last_good_pair_stays_until_there_is_a_better_one() {
    let authority = Authority::new();
    let good = authority.server();
    let mut secret = Secret::new(&good);
    let named = ["--server-name", "localhost"];
    let server = Server::start_with_certificate(&secret.folder, &authority.pem, &named);
    let first = server.caller().certificate();
    let expired = authority.issue("localhost", 2021, ExtendedKeyUsagePurpose::ServerAuth);
    let other = authority.issue("elsewhere", 2100, ExtendedKeyUsagePurpose::ServerAuth);
    let mixed = Issued { chain: authority.server().chain, key: good.key };
    let empty = Issued { chain: String::new(), key: String::new() };
    let bad =
        [(expired, "expired at 2021"), (other, "does not name"), (mixed, "do not belong"), (empty, "no certificate")];
    for (number, (issued, says)) in (1..).zip(bad) {
        secret.swap(&issued);
        let line = server.logs("the last good pair is served on");
        assert!(line.contains(says), "{line}");
        server.until_metric("podgate_certificate_reloads_total{result=\"refused\"}", f64::from(number));
        assert_eq!(server.caller().certificate(), first);
    }
    assert_eq!(server.get("/readyz").0, 200);
    secret.swap(&authority.server());
    server.until_metric("podgate_certificate_reloads_total{result=\"swapped\"}", 1.0);
    assert_ne!(server.caller().certificate(), first);
}

#[test]
fn two_files_are_taken_once_both_are_new() {
    let authority = Authority::new();
    let folder = folder();
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.join(name));
    let [first, second] = [authority.server(), authority.server()];
    fs::write(&chain, &first.chain).unwrap();
    fs::write(&key, &first.key).unwrap();
    let files = ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with_files(&folder, &authority.pem, &files);
    let shown = server.caller().certificate();
    fs::write(&chain, &second.chain).unwrap();
    server.until_metric("podgate_certificate_reloads_total{result=\"refused\"}", 1.0);
    assert_eq!(server.caller().certificate(), shown);
    fs::write(&key, &second.key).unwrap();
    server.until_metric("podgate_certificate_reloads_total{result=\"swapped\"}", 1.0);
    assert_ne!(server.caller().certificate(), shown);
}

#[test]
fn podgate_does_not_start_with_a_bad_pair() {
    let authority = Authority::new();
    let expired = Secret::new(&authority.issue("localhost", 2021, ExtendedKeyUsagePurpose::ServerAuth));
    let cases: [(&[&str], &str); 3] = [
        (&["--tls-dir", expired.folder.to_str().unwrap()], "tls.crt` expired at 2021-01-01"),
        (&["--tls-dir", "/nowhere"], "`/nowhere/tls.crt` cannot be read"),
        (&[], "give `--tls-dir DIR`"),
    ];
    for (arguments, says) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podgate"));
        let output = command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(says), "{said}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn any_name_is_served_with_the_one_certificate() {
    let authority = Authority::new();
    let secret = Secret::new(&authority.server());
    let server = Server::start_with_certificate(&secret.folder, &authority.pem, &[]);
    // It is the caller who does not take it.
    assert!(Caller::connect_as(server.address, &server.ca, "elsewhere", None).is_err());
    server.caller().post("/validate", &review(POD));
    let by_address = Server::start(&[]);
    let mut caller = Caller::connect_as(by_address.address, &by_address.ca, "127.0.0.1", None).unwrap();
    caller.post("/validate", &review(POD));
}

#[test]
fn with_an_authority_for_callers_only_its_own_are_served() {
    let (authority, callers, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let secret = Secret::new(&authority.server());
    let path = secret.folder.join("callers.pem");
    fs::write(&path, &callers.pem).unwrap();
    let client_ca = ["--client-ca", path.to_str().unwrap()];
    let server = Server::start_with_certificate(&secret.folder, &authority.pem, &client_ca);
    let ask = |own: Option<&Issued>| {
        let own = own.map(|issued| (issued.chain.as_str(), issued.key.as_str()));
        let mut caller = Caller::connect_as(server.address, &server.ca, "localhost", own)?;
        caller.ask(&post("/validate", &review(POD)))
    };
    let own = callers.issue("kube-apiserver", 2100, ExtendedKeyUsagePurpose::ClientAuth);
    let strange = strangers.issue("kube-apiserver", 2100, ExtendedKeyUsagePurpose::ClientAuth);
    assert_eq!(ask(Some(&own)).unwrap().status, 200);
    assert!(ask(Some(&strange)).is_err());
    assert!(ask(None).is_err());
}
