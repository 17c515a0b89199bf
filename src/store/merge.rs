//! What was read, and what was in force before, to what is in force from now on.

use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::policy::Policy;
use crate::policy::exception::{ById, Exception};
use crate::policy::set::PolicySet;
use crate::policy::source::Collected;
use crate::store::{Options, Refused};

/// What is in force from now on, and what is wrong with the rest.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub policies: Vec<Arc<Policy>>,
    pub exceptions: Vec<Arc<Exception>>,
    pub refused: Vec<Refused>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The policies and exceptions of `collected`, and the last good version, out of `before`, of each that cannot be used.
/// One that is gone goes; where a file or a folder cannot be read, nobody knows what is gone, so everything stays.
pub(super) fn merge(collected: Collected, before: &PolicySet, options: &Options) -> Merged {
    let Collected { policies, exceptions, refused, diagnostics, texts: _ } = collected;
    let mut merged = Merged { diagnostics, ..Merged::default() };
    merged.refused = refused.into_iter().map(|refused| Refused::new(refused.id, refused.place)).collect();
    for policy in policies {
        if options.has_cluster || !policy.needs_namespace_labels() {
            merged.policies.push(Arc::new(policy));
            continue;
        }
        let message = format!("the policy `{}` needs the labels of namespaces, which are not known here", policy.id);
        let help = "let podgate ask the API server for them, or take `namespaceSelector`, `modes` and \
                    `namespaceObject` out of the policy";
        merged.diagnostics.push(Diagnostic::error(Some(policy.place.clone()), message).help(help));
        merged.refused.push(Refused::new(Some(policy.id), policy.place));
    }
    let is_partial = merged.diagnostics.iter().any(|d| d.severity == Severity::Error && d.place.is_none());
    let present: HashSet<String> = merged.policies.iter().map(|policy| policy.id.clone()).collect();
    for policy in before.policies().iter().filter(|policy| !present.contains(&policy.id)) {
        if merged.keeps(&policy.id, &policy.place, is_partial) {
            merged.policies.push(Arc::clone(policy));
        }
    }
    let policies: ById<'_> = merged.policies.iter().map(|policy| (policy.id.as_str(), policy.as_ref())).collect();
    for exception in exceptions {
        let problems = exception.problems(&policies, &options.exception_namespaces);
        let is_refused = problems.iter().any(Diagnostic::is_error);
        merged.diagnostics.extend(problems);
        if !is_refused {
            merged.exceptions.push(Arc::new(exception));
            continue;
        }
        merged.refused.push(Refused::new(Some(exception.id), exception.place));
    }
    let present: HashSet<String> = merged.exceptions.iter().map(|exception| exception.id.clone()).collect();
    for exception in before.exceptions().iter().filter(|exception| !present.contains(&exception.id)) {
        if merged.keeps(&exception.id, &exception.place, is_partial) {
            merged.exceptions.push(Arc::clone(exception));
        }
    }
    merged
}

impl Merged {
    /// Whether what was in force under this id, and is not any more, stays.
    fn keeps(&mut self, id: &str, place: &Place, is_partial: bool) -> bool {
        let by_id = self.refused.iter().position(|refused| refused.id.as_deref() == Some(id));
        // A document without a readable name may be any of those that its file held.
        let by_file = || {
            let is_file = |refused: &Refused| refused.id.is_none() && refused.place.file == place.file;
            self.refused.iter().position(is_file)
        };
        match by_id.or_else(by_file).and_then(|number| self.refused.get_mut(number)) {
            Some(refused) => refused.is_kept = true,
            None if is_partial => {
                let refused = Refused::new(Some(id.to_owned()), place.clone());
                self.refused.push(Refused { is_kept: true, ..refused });
            }
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::file;

    fn policy(name: &str, mode: &str) -> String {
        format!(
            "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: {name}}}\nspec:\n  mode: {mode}\n  \
             rules: [{{name: x, default: {{pod: {{spec: {{enableServiceLinks: false}}}}}}}}]\n"
        )
    }

    fn collected(files: &[(&str, &str)]) -> Collected {
        let mut collected = Collected::default();
        for (name, text) in files {
            let loaded = file::load(&Arc::from(*name), text);
            collected.policies.extend(loaded.policies);
            collected.exceptions.extend(loaded.exceptions);
            collected.refused.extend(loaded.refused);
            collected.diagnostics.extend(loaded.diagnostics);
        }
        collected
    }

    /// The policies with their modes, then the refused ones, with a `+` where a last good version is kept.
    fn outcome(merged: &Merged) -> (Vec<String>, Vec<String>) {
        let policies = merged.policies.iter().map(|policy| format!("{} {}", policy.name, policy.mode)).collect();
        let refused = |refused: &Refused| {
            let id = refused.id.as_deref().unwrap_or("?").trim_start_matches("ClusterPodPolicy/");
            format!("{id}{}", if refused.is_kept { "+" } else { "" })
        };
        (policies, merged.refused.iter().map(refused).collect())
    }

    fn after(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let before = format!("{}---\n{}", policy("a", "Warn"), policy("b", "Warn"));
        let before =
            merge(collected(&[("f.yaml", &before), ("g.yaml", &policy("c", "Warn"))]), &PolicySet::default(), &alone());
        assert_eq!(outcome(&before), (vec!["a Warn".to_owned(), "b Warn".to_owned(), "c Warn".to_owned()], vec![]));
        outcome(&merge(collected(files), &set(before), &alone()))
    }

    fn alone() -> Options {
        Options { has_cluster: false, ..Options::default() }
    }

    fn set(merged: Merged) -> PolicySet {
        PolicySet::with_exceptions(merged.policies, merged.exceptions)
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_policy_that_does_not_load_keeps_its_last_good_version_and_the_others_change() {
        let file = format!("{}---\n{}", policy("a", "Sometimes"), policy("b", "Audit"));
        let (policies, refused) = after(&[("f.yaml", &file), ("g.yaml", &policy("c", "Enforce"))]);
        assert_eq!(policies, words(&["b Audit", "c Enforce", "a Warn"]));
        assert_eq!(refused, words(&["a+"]));
    }

    #[test]
    fn a_file_that_is_no_yaml_keeps_all_its_policies() {
        let (policies, refused) = after(&[("f.yaml", "a: [")]);
        assert_eq!(policies, words(&["a Warn", "b Warn"]));
        assert_eq!(refused, words(&["?+"]));
    }

    #[test]
    fn a_policy_that_is_taken_away_goes_and_a_bad_one_that_is_new_has_nothing_to_keep() {
        let (policies, refused) = after(&[("f.yaml", &policy("b", "Warn")), ("h.yaml", &policy("z", "Sometimes"))]);
        assert_eq!(policies, words(&["b Warn"]));
        assert_eq!(refused, words(&["z"]));
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_away() {
        let before = merge(collected(&[("f.yaml", &policy("a", "Warn"))]), &PolicySet::default(), &alone());
        let mut unreadable = collected(&[]);
        unreadable.diagnostics.push(Diagnostic::error(None, "cannot read `f.yaml`: permission denied"));
        let merged = merge(unreadable, &set(before), &alone());
        assert_eq!(outcome(&merged), (words(&["a Warn"]), words(&["a+"])));
    }

    #[test]
    fn without_a_cluster_a_policy_that_needs_labels_of_namespaces_is_refused_with_its_place() {
        let needy =
            policy("a", "Warn").replace("  rules:", "  match: {namespaceSelector: {matchLabels: {a: b}}}\n  rules:");
        let files = [("f.yaml", needy.as_str()), ("g.yaml", &policy("c", "Warn"))];
        let merged = merge(collected(&files), &PolicySet::default(), &alone());
        assert_eq!(outcome(&merged), (words(&["c Warn"]), words(&["a"])));
        assert_eq!(
            merged.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["f.yaml:1:1: the policy `ClusterPodPolicy/a` needs the labels of namespaces, which are not known here"]
        );
        assert_eq!(
            outcome(&merge(collected(&files), &PolicySet::default(), &Options { has_cluster: true, ..alone() })).0,
            words(&["a Warn", "c Warn"])
        );
    }

    #[test]
    fn an_exception_that_does_not_load_keeps_its_last_good_version_and_one_from_no_policy_is_refused() {
        let exception = |policy: &str, reason: &str| {
            format!(
                "apiVersion: podgate.dev/v1alpha1\nkind: PodPolicyException\nmetadata: {{name: e, namespace: shop}}\nspec:\n  \
                 {reason}: because\n  expires: never\n  policies: [{{policy: {policy}}}]\n"
            )
        };
        let [good, broken] = [exception("a", "reason"), exception("a", "raison")];
        let text = policy("a", "Warn");
        let before = merge(collected(&[("f.yaml", &text), ("e.yaml", &good)]), &PolicySet::default(), &alone());
        assert_eq!((before.exceptions.len(), before.refused.len()), (1, 0));
        let before = set(before);
        let merged = merge(collected(&[("f.yaml", &text), ("e.yaml", &broken)]), &before, &alone());
        assert_eq!(outcome(&merged).1, words(&["PodPolicyException/shop/e+"]));
        assert_eq!(merged.exceptions.len(), 1);
        let dangling = collected(&[("f.yaml", &text), ("e.yaml", &exception("b", "reason"))]);
        let merged = merge(dangling, &PolicySet::default(), &alone());
        assert_eq!(outcome(&merged).1, words(&["PodPolicyException/shop/e"]));
        assert_eq!(
            merged.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["e.yaml:7:23: there is no policy `ClusterPodPolicy/b` to be an exception from"]
        );
        let gone = merge(collected(&[("f.yaml", &text)]), &before, &alone());
        assert_eq!((gone.exceptions.len(), gone.refused.len()), (0, 0));
    }
}
