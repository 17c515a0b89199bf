//! `podgate serve`: the webhook.

pub mod arguments;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::runtime;
use tracing::{error, info, warn};

use crate::cli::Exit;
use crate::cli::serve::arguments::{LogFormat, Serve};
use crate::cluster::{self, Basis, Kubernetes, Namespaces};
use crate::log;
use crate::metrics::{self, Metrics};
use crate::policy::source::Source;
use crate::server::drain::{Pace, Signals};
use crate::server::tls::files::{self, Files};
use crate::server::tls::pair::Pair;
use crate::server::tls::{self, Certificates, self_signed};
use crate::server::{BindError, Bound, Parts};
use crate::store::{Options, StartError, Store};

/// Bytes of the stack of a thread that judges; as much as `check` has, so that both can judge the same.
const STACK: usize = 8 << 20;

/// Why the webhook does not serve.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
    #[error(transparent)]
    Policies(#[from] StartError),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Cluster(#[from] cluster::Unreachable),
    #[error("`{path}` cannot be written: {error}")]
    Unwritable { path: String, error: io::Error },
    #[error("the operating system refuses: {0}")]
    System(#[from] io::Error),
    #[error("no certificate: give `--tls-dir DIR`, or `--tls-cert FILE` and `--tls-key FILE`, or `--self-signed`")]
    NoCertificate,
}

/// Serves until a signal asks for the end.
///
/// # Errors
/// Never: what goes wrong is said on standard error.
pub fn run(serve: &Serve) -> io::Result<Exit> {
    match start(serve) {
        Ok(()) => Ok(Exit::Clean),
        Err(error) => {
            // Where standard error is closed, the exit code still says it.
            let _ = writeln!(io::stderr(), "error: {error}");
            Ok(Exit::Failed)
        }
    }
}

fn start(serve: &Serve) -> Result<(), Error> {
    let format = match serve.log_format {
        LogFormat::Json => log::Format::Json,
        LogFormat::Text => log::Format::Text,
        LogFormat::Auto if io::stderr().is_terminal() => log::Format::Text,
        LogFormat::Auto => log::Format::Json,
    };
    log::start(format, &serve.log_level)?;
    // What a panic says may be a piece of an object, and is not for the log.
    std::panic::set_hook(Box::new(|panic| {
        error!(place = panic.location().map(tracing::field::display), "podgate has a bug")
    }));
    // One thread serves: it takes ten thousand calls a second, and a second one would double the CPU of each by handing
    // connections around. What takes long is judged on others.
    let mut builder = runtime::Builder::new_current_thread();
    builder.enable_all().thread_stack_size(STACK).build()?.block_on(serve_for_ever(serve))
}

async fn serve_for_ever(serve: &Serve) -> Result<(), Error> {
    // Before anything slow, so that a signal is never lost.
    let signals = Signals::listen()?;
    let metrics = Metrics::new()?;
    let files = files(serve)?;
    let names = &serve.server_names;
    let now = Timestamp::now();
    let listen = serve.listen();
    let pair = match &files {
        Some(files) => files.read(names, now)?,
        None => self_signed(serve)?,
    };
    let client_ca = serve.client_ca.as_deref().map(tls::authorities).transpose()?;
    metrics.certificate(pair.not_after.into());
    let certificates = Arc::new(Certificates::new(pair));

    let client = match &serve.kubeconfig {
        Some(file) => Some(cluster::client_of(file).await?),
        None if serve.no_cluster || !cluster::is_inside() => None,
        None => Some(cluster::client().await?),
    };
    let sources = serve.policies.iter().map(|name| Source::parse(name)).collect();
    let options = Options {
        strict: serve.strict_policies,
        has_cluster: client.is_some(),
        exception_namespaces: serve.namespaces.exceptions.clone(),
        excluded: serve.excluded(),
        ..Options::default()
    };
    let policies = Store::open(sources, options, Arc::clone(&metrics))?;
    let basis = match (serve.kubernetes, &client) {
        (Some(version), _) => Basis::Chosen(version),
        (None, Some(_)) => Basis::NotTold,
        (None, None) => Basis::NoCluster,
    };
    let kubernetes = Kubernetes::new(basis, Arc::clone(&metrics));
    let namespaces = client.clone().map(|client| {
        let namespaces = Namespaces::new(Arc::clone(&metrics));
        tokio::spawn(Arc::clone(&namespaces).run(client, policies.needs_namespaces()));
        namespaces
    });
    if let (Some(client), Basis::NotTold) = (client, basis) {
        // Before the first call, which it may matter for.
        kubernetes.ask(&client).await;
        tokio::spawn(Arc::clone(&kubernetes).follow(client, cluster::AGAIN));
    }
    let parts = Parts {
        limits: serve.limits(),
        policies: Arc::clone(&policies),
        namespaces,
        kubernetes,
        metrics: Arc::clone(&metrics),
        certificates: Arc::clone(&certificates),
    };
    let config = tls::config(Arc::clone(&certificates), client_ca)?;
    let bound = Bound::bind(listen, serve.admin_listen(), parts).await?;
    tokio::spawn(policies.watch());
    if let Some(files) = files {
        tokio::spawn(files::watch(files, names.clone(), certificates, metrics));
    }
    let (address, admin) = bound.addresses()?;
    info!(%address, %admin, version = env!("CARGO_PKG_VERSION"), "listening");
    bound.run(config, serve.pace(), signals).await;
    Ok(())
}

/// The files of the certificate; [`None`] if it is made here.
fn files(serve: &Serve) -> Result<Option<Files>, Error> {
    match (&serve.tls_dir, &serve.tls_cert, &serve.tls_key) {
        (Some(folder), ..) => Ok(Some(Files::Folder(folder.clone()))),
        (None, Some(chain), Some(key)) => Ok(Some(Files::Pair { chain: chain.clone(), key: key.clone() })),
        _ if serve.self_signed => Ok(None),
        _ => Err(Error::NoCertificate),
    }
}

fn self_signed(serve: &Serve) -> Result<Pair, Error> {
    let made = self_signed::make(serve.listen(), &serve.server_names, Timestamp::now())?;
    match &serve.ca_out {
        Some(path) => write(path, &made.ca)?,
        None => io::stderr().write_all(made.ca.as_bytes())?,
    }
    warn!("the certificate was made for this run only; in a cluster, give one with `--tls-dir`");
    Ok(made.pair)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::Unwritable { path: path.display().to_string(), error })
}

impl Serve {
    /// How podgate goes: on a laptop at once, unless something else was asked for.
    fn pace(&self) -> Pace {
        let usual = if self.self_signed { Pace::LAPTOP } else { Pace::POD };
        let delay = self.drain_delay.unwrap_or(usual.delay);
        Pace { delay, most: self.drain_timeout.unwrap_or(usual.most).max(delay), ..usual }
    }
}
