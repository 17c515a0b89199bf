//! What can be typed after `podgate check`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::admit::Endpoint;
use crate::api_defaults::Version;
use crate::cli::namespaces::{self, NamespaceArguments};
use crate::document::Path;
use crate::provenance::Way;
use crate::review::Operation;

/// Arguments of `podgate check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Manifests, folders of manifests, recorded AdmissionReviews; `-` is standard input
    #[arg(value_name = "FILE|DIR|-")]
    pub inputs: Vec<PathBuf>,

    /// Policies to check against; can be given several times
    #[arg(short, long = "policy", value_name = "PATH|builtin:NAME", default_value = "builtin:recommended")]
    pub policies: Vec<String>,

    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: Format,

    /// What is bad enough to exit with 1
    #[arg(long, value_name = "DECISION", default_value = "deny")]
    pub fail_on: FailOn,

    /// Print only what is denied or cannot be judged
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Also list every edit that was not made, and what is not covered
    #[arg(short, long)]
    pub verbose: bool,

    /// Put every object after its edits into the JSON
    #[arg(long)]
    pub show_object: bool,

    /// Say who set the field, or all fields below it, and how podgate knows: `spec.containers[web].image`
    #[arg(long, value_name = "FIELD", value_parser = field_path)]
    pub explain: Option<Path<'static>>,

    /// Write into the files what the webhooks would inject, and the one safe answer to what they deny; standard input
    /// goes to standard output
    #[arg(long)]
    pub fix: bool,

    /// Print what --fix would write, as a diff of the files, and write nothing
    #[arg(long, conflicts_with_all = ["fix", "output", "explain"])]
    pub diff: bool,

    /// Which webhook answers
    #[arg(long, value_name = "ENDPOINT", required_if_eq("output", "review"))]
    pub endpoint: Option<AskedEndpoint>,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it as the help of the whole command")]
    pub request: RequestArguments,
}

/// What the request would carry.
#[derive(Args, Debug)]
#[command(next_help_heading = "The request")]
pub struct RequestArguments {
    /// What is done with the objects [default: UPDATE for those that --old holds, else CREATE]
    #[arg(long, ignore_case = true)]
    pub operation: Option<AskedOperation>,

    /// The objects as they are before an update
    #[arg(long, value_name = "FILE")]
    pub old: Option<PathBuf>,

    /// Who asks
    #[arg(long, value_name = "NAME", default_value = "kubernetes-admin")]
    pub user: String,

    /// A group of who asks; can be given several times
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<String>,

    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default", value_parser = namespaces::name)]
    pub namespace: String,

    /// How the objects get into the cluster
    #[arg(long = "as", value_name = "WAY", value_parser = ways(), default_value = Way::Apply.name())]
    pub way: Way,

    /// LimitRanges of the cluster, beside those among the inputs
    #[arg(long, value_name = "FILE")]
    pub limit_range: Vec<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it as the help of the whole command")]
    pub namespaces: NamespaceArguments,

    /// The time of the request, as in 2026-11-25T08:00:00Z
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,

    /// The version of Kubernetes
    #[arg(long, value_name = "v1.N", default_value_t)]
    pub kubernetes: Version,
}

/// A form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// Everything, as one document
    Json,
    /// The objects after their edits
    Yaml,
    /// The edits as a unified diff of each object
    Diff,
    /// The edits as JSON patches, one line for each object
    Patch,
    /// What one webhook answers, byte for byte; see --endpoint
    Review,
}

/// What makes the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// An object that is denied or cannot be judged, or whose Pods would be
    Deny,
    /// Also a violation that only warns, or a field that the API server does not know
    Warn,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// One of the webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AskedEndpoint {
    /// The mutating webhook
    Mutate,
    /// The validating webhook
    Validate,
}

/// An operation that a manifest can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AskedOperation {
    /// The objects are new
    #[value(name = "CREATE")]
    Create,
    /// The objects exist; needs --old
    #[value(name = "UPDATE")]
    Update,
}

impl From<AskedEndpoint> for Endpoint {
    fn from(asked: AskedEndpoint) -> Self {
        match asked {
            AskedEndpoint::Mutate => Endpoint::Mutate,
            AskedEndpoint::Validate => Endpoint::Validate,
        }
    }
}

impl From<AskedOperation> for Operation {
    fn from(asked: AskedOperation) -> Self {
        match asked {
            AskedOperation::Create => Operation::Create,
            AskedOperation::Update => Operation::Update,
        }
    }
}

/// Reads the name of a way into the cluster.
fn ways() -> impl TypedValueParser<Value = Way> {
    let names = Way::ALL.map(|way| PossibleValue::new(way.name()).help(sent_by(way)));
    PossibleValuesParser::new(names).map(|name| Way::parse(&name).unwrap_or_default())
}

/// What sends objects this way.
const fn sent_by(way: Way) -> &'static str {
    match way {
        Way::Apply => "kubectl apply",
        Way::ServerSide => "kubectl apply --server-side",
        Way::Create => "kubectl create",
        Way::Replace => "kubectl replace",
        Way::Helm3 => "Helm 3",
    }
}

/// Reads a path as Kubernetes writes it.
fn field_path(text: &str) -> Result<Path<'static>, String> {
    let path = Path::parse(text).filter(|path| !path.is_root()).map(Path::into_owned);
    path.ok_or_else(|| "write a path such as `spec.containers[web].resources`".to_owned())
}
