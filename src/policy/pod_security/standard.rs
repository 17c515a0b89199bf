//! A level of the standards at a version: the checks that are in force there.

use std::fmt;

use crate::policy::pod_security::registry::{Check, Find, REGISTRY};

/// How much a standard forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    Privileged,
    /// Known ways out of a container.
    Baseline,
    /// Whatever an application can do without.
    Restricted,
}

/// The version of Kubernetes whose standards are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// The newest that podgate knows.
    Latest,
    /// `v1.N`. One that is newer than podgate knows means the newest that it knows, as with the API server.
    Minor(u64),
}

/// A level at a version.
#[derive(Clone, Debug)]
pub struct Standard {
    /// The level.
    pub level: Level,
    /// The version, as it was written.
    pub version: Version,
    checks: Vec<InForce>,
}

/// A check as a version has it.
#[derive(Clone, Copy, Debug)]
pub struct InForce {
    /// Which one.
    pub check: Check,
    pub(super) find: Find,
}

impl Level {
    /// Every level, from mild to strict.
    pub const ALL: [Level; 3] = [Level::Privileged, Level::Baseline, Level::Restricted];

    /// The word for it in policies and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }

    /// The level of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl Version {
    /// The newest minor version whose standards are known here.
    pub const NEWEST: u64 = 37;

    /// Reads `latest` or `v1.N`, as the API server reads it.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Version::Latest);
        }
        let digits = text.strip_prefix("v1.")?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        let minor = digits.parse::<i64>().ok().filter(|_| is_number)?;
        u64::try_from(minor).ok().map(Version::Minor)
    }

    /// The minor version whose checks are run.
    pub fn effective(self) -> u64 {
        match self {
            Version::Latest => Version::NEWEST,
            Version::Minor(minor) => minor.min(Version::NEWEST),
        }
    }
}

impl Standard {
    /// The checks of `level` at `version`.
    pub fn new(level: Level, version: Version) -> Self {
        let minor = version.effective();
        let overridden = |check: Check| {
            let mut stricter = REGISTRY.iter().filter(|entry| entry.overrides == Some(check));
            level == Level::Restricted && stricter.any(|entry| entry.at(minor).is_some())
        };
        let entries = REGISTRY.iter().filter(|entry| entry.level <= level && !overridden(entry.check));
        let checks = entries.filter_map(|entry| Some(InForce { check: entry.check, find: entry.at(minor)? })).collect();
        Standard { level, version, checks }
    }

    /// The checks in force, in the order of the API server.
    pub fn checks(&self) -> &[InForce] {
        &self.checks
    }

    /// Which check to name where `check` is not in force, if a stricter one takes its place.
    pub fn instead_of(&self, check: Check) -> Option<String> {
        let instead = self.checks.iter().find(|of| of.check.entry().overrides == Some(check));
        instead.map(|instead| format!("`{}` takes its place there", instead.check))
    }

    /// Whether a check is in force.
    pub fn has(&self, check: Check) -> bool {
        self.checks.iter().any(|in_force| in_force.check == check)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Latest => f.write_str("latest"),
            Version::Minor(minor) => write!(f, "v1.{minor}"),
        }
    }
}

/// As the API server names it: `restricted:v1.37`.
impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level.name(), self.version)
    }
}
