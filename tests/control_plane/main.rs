//! Tests against a real API server: the judge of everything that the API server decides.
//!
//! They need Go, which builds the control plane once, or `KUBEBUILDER_ASSETS`. Without either they are ignored; under
//! `CI=true` that is a failure.
#![expect(clippy::indexing_slicing, clippy::print_stderr, reason = "a test may panic, and says what it does")]

mod cases;
mod cluster;
mod compare;
mod components;
mod corpus;
mod decoding;
mod defaults;
mod expressions;
mod generate;
mod keys;
mod kinds;
mod limit_ranges;
mod namespaces;
mod pod_security;
mod schema;
mod webhook;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cluster::{Cluster, Shape};
use crate::components::{Components, Missing};
use crate::corpus::incidents;
use crate::webhook::{
    Scene, authors, controllers, debugging, denials, faults, fixes, foretold, installation, one_file, redis, rollouts,
    verbs, whole,
};

type Test<T> = fn(&T) -> Result<(), Failed>;

/// What the API server does by itself.
const ALONE: &[(&str, Test<Cluster>)] = &[
    ("what_the_api_server_fills_into_objects_made_by_hand", defaults::objects_made_by_hand),
    ("what_the_api_server_fills_into_objects_made_by_chance", defaults::objects_made_by_chance),
    ("what_the_api_server_fills_into_ephemeral_containers", defaults::ephemeral_containers),
    ("what_check_shows_of_the_corpus_is_what_is_stored", corpus::shown_as_stored),
    ("the_labels_of_namespaces_are_watched", namespaces::watched),
    ("what_limit_ranges_fill_into_pods", limit_ranges::defaults),
    ("which_pods_limit_ranges_refuse", limit_ranges::bounds),
    ("the_schema_table_is_what_the_api_server_publishes", schema::table),
    ("what_the_api_server_cannot_decode_or_does_not_know", decoding::objects_made_by_hand),
    ("every_field_of_the_schema_table_is_decoded", decoding::objects_with_every_field),
    ("what_the_api_server_takes_fits_the_schema_table", decoding::objects_it_takes),
    ("what_pod_security_says_of_pods_made_by_hand", pod_security::pods_made_by_hand),
    ("what_pod_security_says_of_pods_made_by_chance", pod_security::pods_made_by_chance),
    ("what_pod_security_warns_of_in_templates", pod_security::templates),
    ("check_says_what_the_plug_in_does_to_new_objects", pod_security::plug_in::new_objects),
    ("check_says_what_the_plug_in_does_to_updates", pod_security::plug_in::updates),
    ("check_says_which_labels_the_plug_in_refuses", pod_security::plug_in::refused_labels),
    ("check_denies_in_the_words_of_the_plug_in", pod_security::denials::in_the_same_words),
    ("what_check_fixed_is_accepted_without_a_warning", pod_security::fixes::accepted),
    ("what_the_api_server_makes_of_expressions_made_by_hand", expressions::made_by_hand),
    ("what_the_api_server_makes_of_expressions_made_by_chance", expressions::made_by_chance),
    ("what_the_api_server_says_of_the_types_of_objects", expressions::typing::table),
];

/// What it does with podgate as its webhooks. One cluster serves all of these, in this order.
const WITH_PODGATE: &[(&str, Test<Scene>)] = &[
    ("podgates_own_pods_keep_restricted", installation::podgates_own_pods_keep_restricted),
    ("podgate_may_read_namespaces_and_nothing_else", installation::podgate_may_read_namespaces_and_nothing_else),
    ("podgate_takes_the_version_of_its_cluster", installation::podgate_takes_the_version_of_its_cluster),
    ("the_rules_name_what_podgate_judges", installation::the_rules_name_what_podgate_judges),
    ("development_certificates_serve", installation::development_certificates_serve),
    ("only_a_nodes_mirror_pod_is_spared", installation::only_a_nodes_mirror_pod_is_spared),
    (
        "defaults_come_where_something_was_left_out_and_nowhere_else",
        authors::defaults_come_where_something_was_left_out_and_nowhere_else,
    ),
    ("nothing_rolls_out_that_nobody_asked_for", rollouts::nothing_rolls_out_that_nobody_asked_for),
    ("moving_to_server_side_apply_rolls_nothing_out", rollouts::moving_to_server_side_apply_rolls_nothing_out),
    ("an_author_who_changes_a_default_keeps_his_value", rollouts::an_author_who_changes_a_default_keeps_his_value),
    ("evictions_and_deletions_pass", rollouts::evictions_and_deletions_pass),
    ("a_denial_reaches_the_user_with_its_causes", denials::a_denial_reaches_the_user_with_its_causes),
    ("warnings_are_printed_once_and_edits_are_noted", denials::warnings_are_printed_once_and_edits_are_noted),
    (
        "test_redis_goes_through_untouched_with_its_four_warnings",
        redis::test_redis_goes_through_untouched_with_its_four_warnings,
    ),
    ("kubectl_debug_is_judged_by_what_it_may_set", debugging::kubectl_debug_is_judged_by_what_it_may_set),
    ("a_namespace_and_its_pods_in_one_file_pass", one_file::a_namespace_and_its_pods_in_one_file_pass),
    ("pods_of_every_controller_pass", controllers::pods_of_every_controller_pass),
    ("generated_names_pass", controllers::generated_names_pass),
    ("check_foretells_what_becomes_of_new_objects", foretold::check_foretells_what_becomes_of_new_objects),
    ("check_foretells_what_becomes_of_updates", foretold::check_foretells_what_becomes_of_updates),
    ("what_fix_writes_is_what_the_webhook_would_store", fixes::what_fix_writes_is_what_the_webhook_would_store),
    (
        "pods_of_a_fixed_template_are_those_that_the_webhook_makes",
        fixes::pods_of_a_fixed_template_are_those_that_the_webhook_makes,
    ),
    ("the_corpus_is_stored_as_check_foretold_by_every_way", corpus::ways::stored_as_foretold),
    ("a_three_way_patch_keeps_what_podgate_put_there", corpus::ways::three_way_patches),
    ("each_controllers_pods_are_as_check_foretold", corpus::controllers::pods_as_foretold),
    ("an_update_rolls_if_check_says_so", corpus::rollouts::as_foretold),
    ("each_verb_does_the_same_on_every_way_in", verbs::each_verb_does_the_same_on_every_way_in),
    (
        "applying_twice_changes_nothing_whatever_the_verbs_did",
        verbs::applying_twice_changes_nothing_whatever_the_verbs_did,
    ),
    (
        "a_new_image_of_a_pod_is_rewritten_and_the_rest_is_fixed",
        verbs::a_new_image_of_a_pod_is_rewritten_and_the_rest_is_fixed,
    ),
    ("derived_fields_are_edited_whole", verbs::derived_fields_are_edited_whole),
    ("what_is_due_is_denied_where_nobody_mutates", verbs::what_is_due_is_denied_where_nobody_mutates),
    ("the_table_of_ways_is_true", corpus::page::is_true),
    ("the_webhooks_hold_no_request_up", incidents::the_webhooks_hold_no_request_up),
    ("a_job_completes_and_lets_its_pods_go", incidents::a_job_completes_and_lets_its_pods_go),
    (
        "a_pod_older_than_its_policies_can_still_be_changed",
        incidents::a_pod_older_than_its_policies_can_still_be_changed,
    ),
    (
        "two_appliers_do_not_meet_over_what_podgate_filled_in",
        incidents::two_appliers_do_not_meet_over_what_podgate_filled_in,
    ),
    ("a_new_certificate_fails_no_call", faults::a_new_certificate_fails_no_call),
    ("new_policies_fail_no_call", faults::new_policies_fail_no_call),
    ("a_rolling_restart_fails_no_call", faults::a_rolling_restart_fails_no_call),
    ("no_call_failed_and_no_second_round_changed_anything", whole::no_call_failed_and_no_second_round_changed_anything),
    ("three_mutating_webhooks_come_to_rest_in_one_reinvocation", corpus::neighbours::come_to_rest),
    (
        "without_podgate_objects_are_refused_until_the_glass_is_broken",
        faults::without_podgate_objects_are_refused_until_the_glass_is_broken,
    ),
];

/// What the tests of a list share, started by the first that runs; or why there is none.
struct Shared<T>(Mutex<Option<Result<T, Absent>>>);

#[derive(Clone)]
enum Absent {
    Tools,
    Broken(String),
}

impl<T: Logged> Shared<T> {
    fn run(&self, test: Test<T>) -> Result<Completion, Failed> {
        let mut shared = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match shared.get_or_insert_with(T::start) {
            Ok(scene) => test(scene).map(|()| Completion::Completed).map_err(|failed| {
                let message = failed.message().unwrap_or("failed");
                format!("{message}\n{}", scene.logs()).into()
            }),
            Err(Absent::Broken(reason)) => Err(reason.clone().into()),
            Err(Absent::Tools) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
                Err("neither Go nor `KUBEBUILDER_ASSETS` is here, and CI must not skip these tests".into())
            }
            Err(Absent::Tools) => Ok(Completion::ignored_with("needs Go or `KUBEBUILDER_ASSETS`")),
        }
    }
}

/// What can be started once and tells afterwards what went on in it.
trait Logged: Sized + Send + 'static {
    fn start() -> Result<Self, Absent>;
    fn logs(&self) -> String;
}

impl Logged for Cluster {
    fn start() -> Result<Self, Absent> {
        Cluster::start(components()?, Shape::Judge).map_err(|error| Absent::Broken(error.to_string()))
    }

    fn logs(&self) -> String {
        self.log("kube-apiserver")
    }
}

impl Logged for Scene {
    fn start() -> Result<Self, Absent> {
        let broken = |failed: Failed| Absent::Broken(failed.message().unwrap_or("podgate does not start").to_owned());
        Scene::start(components()?).map_err(broken)
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.cluster.log("kube-apiserver"), self.log())
    }
}

fn components() -> Result<Components, Absent> {
    // Built once, whoever asks first.
    static FINDING: Mutex<()> = Mutex::new(());
    let _alone = FINDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Components::find().map_err(|missing| match missing {
        Missing::Tools => Absent::Tools,
        Missing::Build(reason) => Absent::Broken(format!("the control plane does not build: {reason}")),
    })
}

/// Trials over one shared `T`, one at a time in the order of the list.
fn trials<T: Logged>(group: &str, tests: &[(&'static str, Test<T>)]) -> (Arc<Shared<T>>, Vec<Trial>) {
    let shared = Arc::new(Shared(Mutex::new(None)));
    let trial = |&(name, test): &(&'static str, Test<T>)| {
        let shared = Arc::clone(&shared);
        Trial::ignorable_test(format!("{group}::{name}"), move || shared.run(test))
    };
    let trials = tests.iter().map(trial).collect();
    (shared, trials)
}

fn main() -> ExitCode {
    let (cluster, mut all) = trials("alone", ALONE);
    let (scene, with_podgate) = trials("webhook", WITH_PODGATE);
    all.extend(with_podgate);
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let conclusion = libtest_mimic::run(&arguments, all);
    // Before the exit, which would leave the processes behind.
    drop((cluster, scene));
    conclusion.exit_code()
}
