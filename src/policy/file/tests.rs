//! What loads, and what is said about what does not.

mod damaged;
mod doubts;
mod exceptions;
mod loaded;
mod pod_security;
mod refused;
mod shown;
mod types;
mod values;
mod verbs;

use std::fmt::Write;
use std::sync::Arc;

use super::*;

fn read(text: &str) -> Loaded {
    load(&Arc::from("house.yaml"), text)
}

/// `LINE:COLUMN MESSAGE; HELP` for each diagnostic.
fn said(text: &str) -> Vec<String> {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.place.as_ref().unwrap().span;
        let help = diagnostic.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}:{} {}{help}", span.line, span.column, diagnostic.message)
    };
    read(text).diagnostics.iter().map(line).collect()
}

/// A policy in flow style; line 3 is its metadata, line 4 the rest of its spec, line 5 its rules.
fn policy(metadata: &str, spec: &str, rules: &str) -> String {
    let kind = if metadata.contains("namespace") { "PodPolicy" } else { "ClusterPodPolicy" };
    format!(
        "apiVersion: podgate.dev/v1alpha1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {{{spec},\n  rules: [{rules}]}}\n"
    )
}

const RULE: &str = "{name: r, default: {pod: {spec: {enableServiceLinks: false}}}}";

fn check(table: &[(String, &[&str])]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let found = said(text);
        if found != *expected {
            let _ = writeln!(wrong, "{text}\n  expected {expected:#?}\n  found {found:#?}");
        }
        if !read(text).policies.is_empty() {
            let _ = writeln!(wrong, "{text}\n  loads");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
