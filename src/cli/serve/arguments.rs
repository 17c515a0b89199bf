//! What can be typed after `podgate serve`, or stand in the environment.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use crate::api_defaults::Version;
use crate::cli::namespaces::{self, NamespaceArguments};
use crate::policy::exclusion::{Excluded, Exclusion};
use crate::quantity::Quantity;
use crate::server::limits::Limits;

/// The port of the webhook.
const PORT: u16 = 8443;

/// The plain port.
const ADMIN_PORT: u16 = 8080;

/// Arguments of `podgate serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// Policies to serve; can be given several times, and in the environment with commas between them
    #[arg(
        short,
        long = "policy",
        env = "PODGATE_POLICY",
        value_name = "PATH|builtin:NAME",
        value_delimiter = ',',
        default_value = "builtin:recommended"
    )]
    pub policies: Vec<String>,

    /// Do not start with a policy that cannot be used
    #[arg(long, env = "PODGATE_STRICT_POLICIES")]
    pub strict_policies: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it as the help of the whole command")]
    pub namespaces: NamespaceArguments,

    /// The namespace that podgate runs in: it is left alone too, whatever the list says
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAME", value_parser = own)]
    own_namespace: Option<Excluded>,

    /// Ask no API server for the labels of namespaces or its version; so it is outside a cluster
    #[arg(long, env = "PODGATE_NO_CLUSTER")]
    pub no_cluster: bool,

    /// Watch the labels of namespaces in this cluster, and ask it for its version, from outside it
    #[arg(long, env = "PODGATE_KUBECONFIG", value_name = "FILE", conflicts_with = "no_cluster")]
    pub kubeconfig: Option<PathBuf>,

    /// The version of Kubernetes whose defaulting applies [default: that of the cluster; without one, the newest]
    #[arg(long, env = "PODGATE_KUBERNETES", value_name = "v1.N")]
    pub kubernetes: Option<Version>,

    /// Where /mutate and /validate are, with TLS [default: 0.0.0.0:8443, with --self-signed 127.0.0.1:8443]
    #[arg(long, env = "PODGATE_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// Where /livez, /readyz and /metrics are, without TLS [default: port 8080 on the address of --listen]
    #[arg(long, env = "PODGATE_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    admin_listen: Option<SocketAddr>,

    /// Form of the log
    #[arg(long, env = "PODGATE_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,

    /// How much is logged: error, warn, info, debug, or as in `podgate=debug,kube=warn`
    #[arg(long, env = "PODGATE_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    pub log_level: String,

    /// A folder with tls.crt and tls.key, as a Secret is mounted
    #[arg(
        long,
        env = "PODGATE_TLS_DIR",
        value_name = "DIR",
        conflicts_with_all = ["tls_cert", "tls_key", "self_signed"],
        help_heading = "Certificate"
    )]
    pub tls_dir: Option<PathBuf>,

    /// The certificate with its chain, in PEM
    #[arg(
        long,
        env = "PODGATE_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key",
        conflicts_with = "self_signed",
        help_heading = "Certificate"
    )]
    pub tls_cert: Option<PathBuf>,

    /// The key of the certificate, in PEM
    #[arg(long, env = "PODGATE_TLS_KEY", value_name = "FILE", requires = "tls_cert", help_heading = "Certificate")]
    pub tls_key: Option<PathBuf>,

    /// A name that the certificate must have, as podgate.podgate.svc; can be given several times
    #[arg(
        long = "server-name",
        env = "PODGATE_SERVER_NAME",
        value_name = "HOST",
        value_delimiter = ',',
        help_heading = "Certificate"
    )]
    pub server_names: Vec<String>,

    /// Take only callers with a certificate that one of these authorities signed, in PEM
    #[arg(long, env = "PODGATE_CLIENT_CA", value_name = "FILE", help_heading = "Certificate")]
    pub client_ca: Option<PathBuf>,

    /// Make a certificate for this run, and print its authority to standard error
    #[arg(long, env = "PODGATE_SELF_SIGNED", help_heading = "Certificate")]
    pub self_signed: bool,

    /// Write the authority of the made certificate here instead
    #[arg(long, env = "PODGATE_CA_OUT", value_name = "FILE", requires = "self_signed", help_heading = "Certificate")]
    pub ca_out: Option<PathBuf>,

    /// After SIGTERM, take new connections for so long [default: 10s, with --self-signed 0s]
    #[arg(long, env = "PODGATE_DRAIN_DELAY", value_name = "TIME", value_parser = duration, help_heading = "The end")]
    pub drain_delay: Option<Duration>,

    /// After SIGTERM, leave connections open for so long; the API server keeps one for 90 seconds [default: 95s, with
    /// --self-signed 0s]
    #[arg(long, env = "PODGATE_DRAIN_TIMEOUT", value_name = "TIME", value_parser = duration, help_heading = "The end")]
    pub drain_timeout: Option<Duration>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it as the help of the whole command")]
    pub limits: LimitArguments,
}

/// What a caller may take.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArguments {
    /// Size of a body
    #[arg(long, env = "PODGATE_MAX_BODY", value_name = "SIZE", default_value = "7Mi", value_parser = size)]
    max_body: usize,

    /// Size of all bodies that are read or judged at one time
    #[arg(long, env = "PODGATE_MAX_BYTES_IN_FLIGHT", value_name = "SIZE", default_value = "12Mi", value_parser = size)]
    max_bytes_in_flight: usize,

    /// Calls that are read or judged at one time
    #[arg(
        long,
        env = "PODGATE_MAX_CALLS_IN_FLIGHT",
        value_name = "COUNT",
        default_value_t = Limits::DEFAULT.calls_in_flight
    )]
    max_calls_in_flight: usize,

    /// Open connections
    #[arg(long, env = "PODGATE_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = Limits::DEFAULT.connections)]
    max_connections: usize,

    /// For the TLS handshake
    #[arg(long, env = "PODGATE_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    handshake_timeout: Duration,

    /// From the handshake to the first byte
    #[arg(long, env = "PODGATE_FIRST_BYTE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = duration)]
    first_byte_timeout: Duration,

    /// For a header
    #[arg(long, env = "PODGATE_HEADER_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    header_timeout: Duration,

    /// For a body
    #[arg(long, env = "PODGATE_BODY_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    body_timeout: Duration,

    /// For a caller to take an answer
    #[arg(long, env = "PODGATE_WRITE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    write_timeout: Duration,

    /// Between two calls on a connection; the API server keeps one for 90 seconds
    #[arg(long, env = "PODGATE_IDLE_TIMEOUT", value_name = "TIME", default_value = "120s", value_parser = duration)]
    idle_timeout: Duration,

    /// After about this time an answer ends its connection, which spreads callers over replicas
    #[arg(long, env = "PODGATE_CONNECTION_AGE", value_name = "TIME", default_value = "5m", value_parser = duration)]
    connection_age: Duration,
}

/// A form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, else JSON
    Auto,
    /// One JSON object a line
    Json,
    /// For people
    Text,
}

impl Serve {
    /// The namespaces that are left alone: podgate that refused its own Pods could not come back.
    pub fn excluded(&self) -> Exclusion {
        let listed = self.namespaces.excluded();
        match &self.own_namespace {
            Some(own) => listed.and(own.clone()),
            None => listed,
        }
    }

    /// The address of the webhook.
    pub fn listen(&self) -> SocketAddr {
        let address = if self.self_signed { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        self.listen.unwrap_or_else(|| SocketAddr::new(IpAddr::V4(address), PORT))
    }

    /// The address of the plain port.
    pub fn admin_listen(&self) -> SocketAddr {
        self.admin_listen.unwrap_or_else(|| SocketAddr::new(self.listen().ip(), ADMIN_PORT))
    }

    /// The limits.
    pub fn limits(&self) -> Limits {
        let LimitArguments {
            max_body,
            max_bytes_in_flight,
            max_calls_in_flight,
            max_connections,
            handshake_timeout,
            first_byte_timeout,
            header_timeout,
            body_timeout,
            write_timeout,
            idle_timeout,
            connection_age,
        } = self.limits;
        Limits {
            body: max_body,
            bytes_in_flight: max_bytes_in_flight,
            calls_in_flight: max_calls_in_flight,
            connections: max_connections,
            handshake: handshake_timeout,
            first_byte: first_byte_timeout,
            header: header_timeout,
            body_time: body_timeout,
            write: write_timeout,
            idle: idle_timeout,
            age: connection_age,
        }
    }
}

fn own(text: &str) -> Result<Excluded, String> {
    let name = namespaces::name(text)?;
    Excluded::parse(&name).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().map_err(|_| "a time is written as 500ms, 5s or 2m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a time cannot be negative".to_owned())
}

fn size(text: &str) -> Result<usize, String> {
    let bytes = Quantity::parse(text).ok().and_then(Quantity::as_i64);
    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size is written as 512Ki or 7Mi".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        serve: Serve,
    }

    fn parse(arguments: &[&str]) -> Serve {
        Whole::parse_from([&["serve"], arguments].concat()).serve
    }

    #[test]
    fn the_defaults_that_are_shown_are_those_in_force() {
        assert_eq!(parse(&[]).limits(), Limits::DEFAULT);
    }

    #[test]
    fn a_laptop_is_not_served_to_others() {
        let addresses = |arguments| {
            let serve = parse(arguments);
            (serve.listen().to_string(), serve.admin_listen().to_string())
        };
        let both = |serving: &str, admin: &str| (serving.to_owned(), admin.to_owned());
        assert_eq!(addresses(&[]), both("0.0.0.0:8443", "0.0.0.0:8080"));
        assert_eq!(addresses(&["--self-signed"]), both("127.0.0.1:8443", "127.0.0.1:8080"));
        assert_eq!(addresses(&["--listen", "[::1]:9"]), both("[::1]:9", "[::1]:8080"));
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(size("7Mi"), Ok(7 << 20));
        assert!(size("0").is_err() && size("-1").is_err() && size("much").is_err());
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert!(duration("-1s").is_err() && duration("5").is_err());
    }
}
