//! Tests against a real API server: the judge of everything that the API server decides.
//!
//! They need Go, which builds the control plane once, or `KUBEBUILDER_ASSETS`. Without either they are ignored; under
//! `CI=true` that is a failure.
#![expect(clippy::indexing_slicing, clippy::print_stderr, reason = "a test may panic, and says what it does")]

mod cases;
mod cluster;
mod compare;
mod components;
mod decoding;
mod defaults;
mod expressions;
mod generate;
mod keys;
mod kinds;
mod limit_ranges;
mod namespaces;
mod schema;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cluster::Cluster;
use crate::components::{Components, Missing};

type Test = fn(&Cluster) -> Result<(), Failed>;

const TESTS: [(&str, Test); 12] = [
    ("what_the_api_server_fills_into_objects_made_by_hand", defaults::objects_made_by_hand),
    ("what_the_api_server_fills_into_objects_made_by_chance", defaults::objects_made_by_chance),
    ("what_the_api_server_fills_into_ephemeral_containers", defaults::ephemeral_containers),
    ("the_labels_of_namespaces_are_watched", namespaces::watched),
    ("what_limit_ranges_fill_into_pods", limit_ranges::defaults),
    ("which_pods_limit_ranges_refuse", limit_ranges::bounds),
    ("the_schema_table_is_what_the_api_server_publishes", schema::table),
    ("what_the_api_server_cannot_decode_or_does_not_know", decoding::objects_made_by_hand),
    ("every_field_of_the_schema_table_is_decoded", decoding::objects_with_every_field),
    ("what_the_api_server_takes_fits_the_schema_table", decoding::objects_it_takes),
    ("what_the_api_server_makes_of_expressions_made_by_hand", expressions::made_by_hand),
    ("what_the_api_server_makes_of_expressions_made_by_chance", expressions::made_by_chance),
];

/// The one cluster, started by the first test that runs; or why there is none.
#[derive(Default)]
struct Shared(Mutex<Option<Result<Cluster, Absent>>>);

#[derive(Clone)]
enum Absent {
    Tools,
    Broken(String),
}

impl Shared {
    fn run(&self, test: Test) -> Result<Completion, Failed> {
        let mut shared = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match shared.get_or_insert_with(start) {
            Ok(cluster) => test(cluster).map(|()| Completion::Completed).map_err(|failed| {
                let log = cluster.log("kube-apiserver");
                format!("{}\n{log}", failed.message().unwrap_or("failed")).into()
            }),
            Err(Absent::Broken(reason)) => Err(reason.clone().into()),
            Err(Absent::Tools) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
                Err("neither Go nor `KUBEBUILDER_ASSETS` is here, and CI must not skip these tests".into())
            }
            Err(Absent::Tools) => Ok(Completion::ignored_with("needs Go or `KUBEBUILDER_ASSETS`")),
        }
    }
}

fn start() -> Result<Cluster, Absent> {
    let components = Components::find().map_err(|missing| match missing {
        Missing::Tools => Absent::Tools,
        Missing::Build(reason) => Absent::Broken(format!("the control plane does not build: {reason}")),
    })?;
    Cluster::start(components).map_err(|error| Absent::Broken(error.to_string()))
}

fn main() -> ExitCode {
    let shared = Arc::new(Shared::default());
    let trials = TESTS.into_iter().map(|(name, test)| {
        let shared = Arc::clone(&shared);
        Trial::ignorable_test(name, move || shared.run(test))
    });
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials.collect());
    // Before the exit, which would leave the processes behind.
    drop(shared);
    conclusion.exit_code()
}
